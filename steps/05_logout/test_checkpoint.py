"""Checkpoint 5: the welcome page is for those who are logged in, and there is a way out."""

import itertools

import pytest
from workbench.causes import why_not_led
from workbench.claims import Claims, first_way_in
from workbench.finding import expect, require
from workbench.fixtures import listed
from workbench.forms import kind_of, same_path
from workbench.guards import guard_of, why_open_to_strangers, why_still_in
from workbench.lines import view_at
from workbench.page import shorten
from workbench.people import GRACE
from workbench.tags import why_left_out
from workbench.users import names_of
from workbench.ways import links_of

PATHS = ("/", "/login", "/register", "/welcome")
PASSING = ("_flashes",)  # in the session until it is shown


def ask(go, browser):
    """Open /welcome in one of these ways, as if the address had been typed."""
    browser.address = None
    return go(browser)


@pytest.fixture
def logged_out(ada, people):
    """The page after ada has pressed her logout button."""
    welcome = ada.get("/welcome")
    require(
        "browsers ask for the welcome page again after a logout",
        not welcome.may_be_kept(),
        want="no max-age= in Cache-Control of /welcome",
        got=f"Cache-Control: {welcome.headers.get('Cache-Control')}",
        read="log-out",
        hint="For how long does a browser show this page without asking the server?",
        at=welcome.browser.judge.copy,
        word=r"(?i)cache|max_age",
    )
    form = welcome.form_to("/logout")
    require(
        "the welcome page has a button that logs you out",
        form,
        want='a form with method="post", sent to /logout, with a button',
        got="; ".join(map(str, welcome.forms)) or "no form",
        read="log-out",
        hint=why_left_out(welcome.template, "<form", ada.app.jinja_env)
        or "A link sends GET, and so does a form without method=. Where does action= lead?",
        at=welcome.template or welcome,
        word="<form|/logout|'logout'" if welcome.template else "",
        shared="" if form else "a link to /logout",
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
    """The page after ada has logged in once more."""
    page = fill_in("/login", people.ada, people.password)
    require(
        "after logging out you can log in again",
        page.says(people.ada),
        want=f'the page says "{people.ada}"',
        got=page,
        read="log-out",
        hint="What does the logout view do besides logging the user out?",
        at=logged_out,
    )
    return page


def grace(fill_in, people):
    """Return the browser of grace, who has registered and logged in."""
    name = people.named(GRACE)
    fill_in("/register", name, people.other)
    return fill_in("/login", name, people.other).browser


def test_a_stranger_is_sent_to_the_login_page(
    login_page, registered, stranger, fill_in, copy, people
):
    """a stranger is sent to log in: GET /welcome leads to /login"""
    page = stranger.get("/welcome")

    expect(
        page.at("/login"),
        want="sent to /login",
        got=page,
        read="protect-a-page",
        why=lambda: why_open_to_strangers(page),
    )
    claims = Claims(copy, people.ada)
    how, page = first_way_in(claims, stranger)
    expect(
        not how,
        want="sent to /login, or refused, whatever a stranger sends to /welcome",
        got=page,
        fact=f"/welcome opens with {how}",
        sure=True,
        read="protect-a-page",
        hint="What does the app trust? A visitor can write any address, header and cookie.",
        at=stranger.app.login_manager._request_callback or guard_of(stranger.app) or page,
    )
    how, page = claims.way_to_another(grace(fill_in, people))
    expect(
        not how,
        want=f"a user who is logged in stays who they are, and does not become {people.ada}",
        got=page,
        fact=f"/welcome is that of {people.ada} with {how}",
        sure=True,
        read="protect-a-page",
        hint="What does the app believe about who this is? Only the session is signed.",
        at=copy,
        word=r"cookies|headers|request\.args|request\.values",
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
        hint="Anyone can write a cookie. What checks that this one is signed?",
    )


def test_logging_out_leads_to_the_login_page(logged_out, people):
    """logging out leads to the login page"""
    # A login page may redirect a user who is still logged in; the next test reports that.
    led = any(same_path(location, "/login") for _, location in logged_out.hops)
    expect(
        logged_out.at("/login") or (led and logged_out.says(people.ada)),
        want="sent to /login",
        got=logged_out,
        read="log-out",
        why=lambda: why_not_led(
            logged_out, "/login", "Where does the view send a visitor who has logged out?"
        ),
    )


@pytest.fixture
def remembered(login_page, new_browser, people):
    """A logout has ended the login of ada, who had ticked each box of the login form."""
    boxes = [field for field in login_page.password_form().fields if kind_of(field) == "checkbox"]
    if not boxes:
        return
    browser = new_browser()
    ticked = {box.get("name"): box.get("value", "on") for box in boxes if box.get("name")}
    form = browser.get("/login").password_form()
    browser.submit(form, username=people.ada, password=people.password, **ticked)
    button = browser.get("/welcome").form_to("/logout")
    answer = button and browser.submit(button)
    page = browser.get("/welcome")
    require(
        "logging out ends the login of a browser that is to remember it, too",
        not page.greets(people.ada),
        want=f'no "{people.ada}" at GET /welcome, after a login with {listed(ticked)} ticked',
        got=page,
        read="log-out",
        hint="logout_user() leaves a note in the session for Flask-Login. What happens to it?",
        at=answer,
    )


def test_logging_out_ends_the_login(logged_out, people, request):
    """logging out ends the login: /welcome no longer greets you"""
    page = logged_out.browser.get("/welcome")

    expect(
        not page.greets(people.ada),
        want=f'no "{people.ada}" at GET /welcome',
        got=page,
        read="log-out",
        why=lambda: why_still_in(logged_out),
    )
    request.getfixturevalue("remembered")


def test_you_can_log_in_again(back_again):
    """after logging out you can log in again, and /welcome opens"""
    expect(
        back_again.opens() and not back_again.at("/login"),
        want="sent to /welcome",
        got=back_again,
        read="log-out",
        hint="What does the logout view change besides logging the user out?",
        at=back_again,
    )


def test_a_link_logs_nobody_out(back_again, copy, stored_users, people):
    """a link logs no one out: after GET /logout you are still logged in"""
    browser, before = back_again.browser, stored_users()
    answer = browser.get("/logout")
    further = [address for _, address in links_of(answer) if "/logout" in address]
    wishes = ["", *(f"?{wish}" for wish in Claims(copy, people.ada).wishes())]
    address, page = ended_by(browser, ["/logout", *further, *(f"/logout{w}" for w in wishes)])

    expect(
        page.says(people.ada),
        want=f'the page says "{people.ada}" at GET /welcome',
        got=page,
        fact=f"after GET {shorten(address, 40)}" if address != "/logout" else "",
        read="log-out",
        hint="Which methods does the route of /logout accept? See @app.post.",
        at=answer,
    )
    addresses = [*map("".join, itertools.product(PATHS, wishes)), *other_pages(browser.app)]
    address, page = ended_by(browser, addresses)
    require(
        "a link changes nothing: you stay logged in, and every user stays as they are",
        page.says(people.ada) and stored_users() == before,
        want=f'after GET {address.partition("?")[0]}, GET /welcome says "{people.ada}"',
        got=page,
        fact=f"after GET {shorten(address, 40)}; users: {listed(names_of(stored_users()))}",
        read="log-out",
        hint="Opening a page should change nothing. Which line changes something anyway?",
        at=view_at(browser.app, address.partition("?")[0], "GET"),
    )


def other_pages(app):
    """Return the addresses of the pages that an app has besides those of every app."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods]
    paths = [rule.rule for rule in rules if not rule.arguments]
    return [path for path in paths if not any(same_path(path, one) for one in (*PATHS, "/logout"))]


def ended_by(browser, addresses):
    """Open addresses as links do; return the first that ends the login, and /welcome after it."""
    held = set(browser.session())
    for address in addresses:
        browser.get(address)
        if not held <= {*browser.session(), *PASSING}:
            break
    return address, browser.get("/welcome")


def test_one_logout_ends_one_login(back_again, fill_in, people):
    """logging out in one browser leaves other users logged in"""
    name, other = people.named(GRACE), grace(fill_in, people)
    before = other.get("/welcome")
    browser = back_again.browser
    answer = browser.submit(browser.get("/welcome").form_to("/logout"))
    page = other.get("/welcome")

    expect(
        page.says(name) or not before.says(name),
        want=f'the page says "{name}" when {people.ada} has logged out elsewhere',
        got=page,
        read="log-out",
        hint="What does the logout view change that both browsers share?",
        at=answer,
    )
