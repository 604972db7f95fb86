"""Checkpoint 5: the welcome page is for those who are logged in, and there is a way out."""

from urllib.parse import urlencode

import pytest
from workbench.causes import lost_redirect
from workbench.finding import expect, require
from workbench.forms import same_path
from workbench.guards import guard_of, why_open_to_strangers, why_still_in
from workbench.odd import asking_addresses
from workbench.people import GRACE
from workbench.ways import links_of

OPENED = ("/logout", "/", "/login", "/register", "/welcome")
SURE = "confirm=yes&confirmed=1&sure=1&yes=1&really=true&logout=1"
WORDS = ("login", "register", "static", "public", "home", "index", "logout")
CLAIMS = {  # what a visitor may write without any right to it
    **dict.fromkeys(["username", "user", "name", "login", "current_user", "remember_user"], "ada"),
    **dict.fromkeys(["user_id", "id", "uid", "_user_id"], "1"),
    **dict.fromkeys(["logged_in", "authenticated", "is_authenticated", "admin", "debug"], "true"),
}
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; bingbot/2.0)"
HEADERS = {
    **dict.fromkeys(["X-User", "X-Username", "X-Forwarded-User", "X-Remote-User", "Remote-User"], "ada"),
    **{"X-Auth-User": "ada", "X-User-Id": "1", "X-Authenticated": "true", "X-Admin": "1"},
    **{"Authorization": "Basic YWRhOmFkYQ==", "X-Requested-With": "XMLHttpRequest"},
    **{"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Referer": "http://localhost/login"},
}


def with_cookies(browser):
    """Ask for /welcome with cookies that claim a login."""
    for name, value in CLAIMS.items():
        browser.client.set_cookie(name, value)
    page = browser.get("/welcome")
    for name in CLAIMS:
        browser.client.delete_cookie(name)
    return page


OTHER_WAYS = {
    "a slash behind it": lambda browser: browser.get("/welcome/"),
    "words of other pages behind a ?": lambda browser: browser.get(
        f"/welcome?next=/{'/'.join(WORDS)}&{'&'.join(WORDS)}"
    ),
    "a query that claims a login": lambda browser: browser.get(f"/welcome?{urlencode(CLAIMS)}"),
    "POST": lambda browser: browser.post("/welcome", CLAIMS),
    "headers that claim a login": lambda browser: browser.get("/welcome", **HEADERS),
    "the name of a search engine": lambda browser: browser.get("/welcome", **{"User-Agent": BOT}),
    "cookies that claim a login": with_cookies,
}


def ask(go, browser):
    """Open /welcome in one of these ways, as if the address had been typed."""
    browser.address = None
    return go(browser)


@pytest.fixture
def logged_out(ada, people):
    """The page that answers when ada has pressed her logout button."""
    welcome = ada.get("/welcome")
    form = welcome.form_to("/logout")
    require(
        "the welcome page has a button that logs you out",
        form,
        want='a form with method="post", sent to /logout, with a button',
        got="; ".join(map(str, welcome.forms)) or "no form",
        read="log-out",
        hint="A link sends GET, and so does a form without method=. Where does action= lead?",
        at=welcome.template or welcome,
        word="<form|/logout|'logout'" if welcome.template else "",
    )
    page = ada.submit(form)
    require(
        "the logout button is answered with a page",
        page.opens(),
        want="a redirect to /login",
        got=page,
        read="log-out",
    )
    return page


@pytest.fixture
def back_again(logged_out, fill_in, people):
    """The page that answers when ada logs in once more."""
    page = fill_in("/login", people.ada, people.password)
    require(
        "after logging out you can log in again",
        page.says(people.ada),
        want=f'the page says "{people.ada}"',
        got=page,
        read="log-out",
        hint="What does the logout view do besides ending the login?",
    )
    return page


def test_a_stranger_is_sent_to_the_login_page(login_page, registered, stranger, people):
    """a stranger is sent to log in: GET /welcome leads to /login"""
    page = stranger.get("/welcome")

    expect(
        page.at("/login"),
        want="sent to /login",
        got=page,
        read="protect-a-page",
        why=lambda: why_open_to_strangers(page),
    )
    ways = [(how, ask(go, stranger)) for how, go in OTHER_WAYS.items()]
    open_ones = (pair for pair in ways if pair[1].at("/welcome") or pair[1].says(people.ada))
    how, page = next(open_ones, ("", page))
    expect(
        not how,
        want="a closed page for a stranger, however they ask for /welcome",
        got=page,
        fact=f"with {how}",
        sure=True,
        read="protect-a-page",
        hint="What does the guard believe? A visitor can write any address, header and cookie.",
        at=guard_of(stranger.app) or page,
    )
    cookie = stranger.app.config["SESSION_COOKIE_NAME"]
    stranger.client.set_cookie(cookie, "made-up")
    stranger.address = None
    page = stranger.get("/welcome")

    expect(
        page.at("/login") or page.status.startswith("4"),
        want=f"sent to /login, also with a made-up cookie {cookie}",
        got=page,
        read="protect-a-page",
        hint="Anybody can write a cookie. Who checks that this one is signed?",
    )


def test_logging_out_leads_to_the_login_page(logged_out, people):
    """logging out leads to the login page"""
    # A login page may send somebody who is still logged in further: the next test tells of that.
    led = any(same_path(location, "/login") for _, location in logged_out.hops)
    expect(
        logged_out.at("/login") or (led and logged_out.says(people.ada)),
        want="sent to /login",
        got=logged_out,
        read="log-out",
        why=lambda: (
            lost_redirect(logged_out)
            or {"hint": "Where does the view send somebody who has logged out?"}
        ),
    )


def test_logging_out_ends_the_login(logged_out, people):
    """logging out ends the login: /welcome greets you no more"""
    page = logged_out.browser.get("/welcome")

    expect(
        not page.greets(people.ada),
        want=f'no "{people.ada}" at GET /welcome',
        got=page,
        read="log-out",
        why=lambda: why_still_in(logged_out),
    )


def test_you_can_log_in_again(back_again):
    """after logging out you can log in again, and /welcome opens"""
    expect(
        back_again.at("/welcome"),
        want="sent to /welcome",
        got=back_again,
        read="log-out",
        hint="What does the logout view change besides ending the login?",
    )


def test_a_link_logs_nobody_out(back_again, stored_users, copy, people):
    """a link logs nobody out: after GET /logout you are still logged in"""
    browser = back_again.browser
    answer = browser.get("/logout")
    addresses = [address for _, address in links_of(answer) if "/logout" in address]
    for address in [*addresses, f"/logout?{SURE}"]:
        browser.get(address)
    page = browser.get("/welcome")

    expect(
        page.says(people.ada),
        want=f'the page says "{people.ada}" at GET /welcome',
        got=page,
        read="log-out",
        hint="Which methods does the route of /logout accept? See @app.post.",
        at=answer,
    )
    before = stored_users()
    for address in (one for path in OPENED for one in (path, *asking_addresses(copy, path))):
        answer = browser.get(address)
        page = browser.get("/welcome")
        expect(
            page.says(people.ada) and stored_users() == before,
            want=f"the same users, and {people.ada} still logged in, after GET {address}",
            got=page,
            read="log-out",
            hint="Any site can make a browser open an address. What does this one change?",
            at=answer,
        )


def test_one_logout_ends_one_login(back_again, fill_in, people):
    """logging out in one browser leaves other users logged in"""
    name = people.named(GRACE)
    fill_in("/register", name, people.other)
    grace = fill_in("/login", name, people.other).browser
    before = grace.get("/welcome")
    browser = back_again.browser
    answer = browser.submit(browser.get("/welcome").form_to("/logout"))
    page = grace.get("/welcome")

    expect(
        page.says(name) or not before.says(name),
        want=f'the page says "{name}" when {people.ada} has logged out elsewhere',
        got=page,
        read="log-out",
        hint="What does the logout view change that both browsers share?",
        at=answer,
    )
