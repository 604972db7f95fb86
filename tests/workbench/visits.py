"""What checkpoints of pages start from: browsers, forms, and people who have used them.

Here, too, a precondition that is not met fails the first test that needs it.
"""

import pytest

from workbench.attempt import attempt
from workbench.browser import Browser
from workbench.finding import require
from workbench.fixtures import NAME, PASSWORD


@pytest.fixture
def new_browser(app):
    """Return a function that makes a Browser without any cookies."""
    return lambda: Browser(app)


@pytest.fixture
def stranger(new_browser):
    """The browser of somebody who has not logged in."""
    return new_browser()


@pytest.fixture
def register_page(stranger):
    """The page /register, with a form that asks for username and password."""
    return page_with_form(stranger, "/register", "04_views#register")


@pytest.fixture
def login_page(stranger):
    """The page /login, with a form that asks for username and password."""
    return page_with_form(stranger, "/login", "04_views#log-in")


def page_with_form(browser, path, read):
    """Return the page at `path` once it holds a form that posts username and password."""
    page = browser.get(path)
    require(
        f"GET {path} shows a page to a stranger",
        page.at(path),
        want=f"200 OK at {path}",
        got=page,
        read=read,
    )
    form = page.password_form()
    require(
        f"the form on {path} posts username and password",
        form and form.asks_for("username", "password"),
        want='a form with method="post", fields: username, password, and a button',
        got=form or "no form with a password field",
        read=read,
        hint="What do people press to send the form?"
        if form and not form.button
        else "What do the attributes method= of a form and name= of an input do?",
    )
    return page


@pytest.fixture
def fill_in(new_browser):
    """Return a function that fills in the form at a path and returns the page that answers.

    A new browser opens the page and sends its form, so hidden fields are those of its session.
    """

    def fill_in(path, username, password):
        page = new_browser().get(path)
        form = page.password_form()
        return page.browser.submit(form, username=username, password=password) if form else page

    return fill_in


@pytest.fixture
def registered(register_page, login_page, fill_in, stored_users):
    """The page that answers when ada has registered."""
    page = fill_in("/register", NAME, PASSWORD)
    count = stored_users(username=NAME)
    require(
        "registering stores a user",
        count and not page.error,
        want=f"one user named {NAME} in the table, and no error",
        got=f"{count} users named {NAME}, after {page}" if page.opens() else page,
        read="04_views#register",
        hint="Which two calls of db.session store a row?" if page.at("/login") else None,
    )
    return page


@pytest.fixture
def ada(registered, fill_in, new_browser):
    """The browser of ada, who has registered and logged in."""
    answer = fill_in("/login", NAME, PASSWORD)
    browser = answer.browser
    page = answer if answer.error else browser.get("/welcome")
    signed_in = "_user_id" in browser.session()
    require(
        "logging in signs you in: GET /welcome greets you by name",
        page.says(NAME),
        want=f'the page says "{NAME}" after POST /login and GET /welcome',
        got=page if signed_in or page.error else answer,
        read="04_views#log-in",
        hint=why_not_greeted(answer, signed_in),
    )
    page = new_browser().get("/welcome")
    require(
        "/welcome greets nobody who has not logged in",
        not page.says(NAME),
        want=f'no "{NAME}" in a browser that has not logged in',
        got=page,
        read="04_views#welcome",
        hint="Whom does current_user stand for in a browser without a login?",
    )
    return browser


def why_not_greeted(answer, signed_in):
    """Return a hint that follows from the answer to the login and from the session."""
    if not signed_in and answer.hops:
        return "redirect() alone signs nobody in: which Flask-Login function writes to the session?"
    if not signed_in:
        return "Does the branch for POST run, and what do the query and the password check find?"
    loader = answer.browser.app.login_manager._user_callback
    with answer.browser.app.test_request_context():
        found = attempt(loader, answer.browser.session()["_user_id"])
    if found.value is None:
        return "The session names the user. What does the user loader return for that id?"
    return "Flask-Login gives every template a current_user. What does the page print of it?"
