"""Checkpoint 5: the welcome page is for those who are logged in, and there is a way out."""

import pytest
from workbench.finding import expect, require
from workbench.fixtures import NAME, PASSWORD


@pytest.fixture
def log_out(ada):
    """Return a function that presses ada's logout button and returns the page that answers."""
    page = ada.get("/welcome")
    form = page.form_to("/logout")
    require(
        "the welcome page has a button that logs you out",
        form,
        want='a form with method="post" and action="/logout"',
        got=f"forms: {'; '.join(map(str, page.forms)) or 'none'}",
        read="log-out",
        hint="A link sends GET. What sends POST?",
    )
    return lambda: ada.submit(form)


def test_a_stranger_is_sent_to_the_login_page(login_page, stranger):
    """a stranger is sent to log in: GET /welcome leads to /login"""
    page = stranger.get("/welcome")

    expect(
        page.at("/login"),
        want="sent to /login",
        got=page,
        read="protect-a-page",
        hint="Which decorator asks for a login, and does it stand directly above the function?",
    )


def test_logging_out_leads_to_the_login_page(log_out):
    """logging out leads to the login page"""
    page = log_out()

    expect(page.at("/login"), want="sent to /login", got=page, read="log-out")


def test_logging_out_ends_the_login(log_out, ada):
    """logging out ends the login: /welcome greets you no more"""
    log_out()
    page = ada.get("/welcome")

    expect(
        not page.says(NAME),
        want=f'no "{NAME}" at GET /welcome',
        got=page,
        read="log-out",
        hint="redirect() alone ends no login: which Flask-Login function does?",
    )


def test_a_link_logs_nobody_out(log_out, ada):
    """a link logs nobody out: after GET /logout you are still logged in"""
    ada.get("/logout")
    page = ada.get("/welcome")

    expect(
        page.says(NAME),
        want=f'the page says "{NAME}" at GET /welcome',
        got=page,
        read="log-out",
        hint="Which methods does the route of /logout accept? See @app.post.",
    )


def test_one_logout_ends_one_login(log_out, fill_in):
    """logging out in one browser leaves another one logged in"""
    phone = fill_in("/login", NAME, PASSWORD).browser
    log_out()
    page = phone.get("/welcome")

    expect(page.says(NAME), want=f'the page says "{NAME}" on the phone', got=page, read="log-out")


def test_you_can_log_in_again(log_out, ada):
    """after logging out you can log in again"""
    log_out()
    form = ada.get("/login").password_form()
    page = form and ada.submit(form, username=NAME, password=PASSWORD)

    expect(
        page and page.says(NAME),
        want=f'the page says "{NAME}"',
        got=page or "no login form",
        read="log-out",
    )
