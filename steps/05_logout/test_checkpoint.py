"""Checkpoint 5: the welcome page is for those who are logged in, and there is a way out."""

import pytest
from workbench.causes import lost_redirect
from workbench.finding import expect, require
from workbench.fixtures import NAME, PASSWORD
from workbench.forms import same_path
from workbench.guards import why_open_to_strangers, why_still_in


@pytest.fixture
def logged_out(ada):
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
def back_again(logged_out, fill_in):
    """The page that answers when ada logs in once more."""
    page = fill_in("/login", NAME, PASSWORD)
    require(
        "after logging out you can log in again",
        page.says(NAME),
        want=f'the page says "{NAME}"',
        got=page,
        read="log-out",
        hint="What does the logout view do besides ending the login?",
    )
    return page


def test_a_stranger_is_sent_to_the_login_page(login_page, stranger):
    """a stranger is sent to log in: GET /welcome leads to /login"""
    page = stranger.get("/welcome")

    expect(
        page.at("/login"),
        want="sent to /login",
        got=page,
        read="protect-a-page",
        why=lambda: why_open_to_strangers(page),
    )
    cookie = stranger.app.config["SESSION_COOKIE_NAME"]
    stranger.client.set_cookie(cookie, "made-up")
    page = stranger.get("/welcome")

    expect(
        page.at("/login") or page.status.startswith("4"),
        want=f"sent to /login, also with a made-up cookie {cookie}",
        got=page,
        read="protect-a-page",
        hint="Anybody can write a cookie. Who checks that this one is signed?",
    )


def test_logging_out_leads_to_the_login_page(logged_out):
    """logging out leads to the login page"""
    # A login page may send somebody who is still logged in further: the next test tells of that.
    led = any(same_path(location, "/login") for _, location in logged_out.hops)
    expect(
        logged_out.at("/login") or (led and logged_out.says(NAME)),
        want="sent to /login",
        got=logged_out,
        read="log-out",
        why=lambda: (
            lost_redirect(logged_out)
            or {"hint": "Where does the view send somebody who has logged out?"}
        ),
    )


def test_logging_out_ends_the_login(logged_out):
    """logging out ends the login: /welcome greets you no more"""
    page = logged_out.browser.get("/welcome")

    expect(
        not page.greets(NAME),
        want=f'no "{NAME}" at GET /welcome',
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


def test_a_link_logs_nobody_out(back_again):
    """a link logs nobody out: after GET /logout you are still logged in"""
    answer = back_again.browser.get("/logout")
    page = back_again.browser.get("/welcome")

    expect(
        page.says(NAME),
        want=f'the page says "{NAME}" at GET /welcome',
        got=page,
        read="log-out",
        hint="Which methods does the route of /logout accept? See @app.post.",
        at=answer,
    )


def test_one_logout_ends_one_login(back_again, fill_in):
    """logging out in one browser leaves another one logged in"""
    phone = fill_in("/login", NAME, PASSWORD).browser
    answer = phone.submit(phone.get("/welcome").form_to("/logout"))
    page = back_again.browser.get("/welcome")

    expect(
        page.says(NAME),
        want=f'the page says "{NAME}" in the browser that did not log out',
        got=page,
        read="log-out",
        hint="What does the logout view change that both browsers share?",
        at=answer,
    )
