"""What checkpoints of pages start from: browsers, forms, and people who have used them.

Here, too, a precondition that is not met fails the first test that needs it.
"""

import pytest

from workbench.browser import Browser
from workbench.causes import why_not_greeted, why_not_stored
from workbench.finding import require
from workbench.fixtures import NAME, PASSWORD, names_of


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
    hint = "What do the attributes method= of a form and name= of an input do?"
    if form and not form.button:
        hint = "What do people press to send the form?"
    elif not form:
        hint = "Which template holds the form, and into which block of the page does it go?"
    require(
        f"the form on {path} posts username and password",
        form and form.asks_for("username", "password"),
        want='a form with method="post", fields: username, password, and a button',
        got=form or f'no form with a password field; the page says "{page.text}"',
        read=read,
        hint=hint,
        at=page.template or page,
        word="<form" if page.template else "",
        shared=f"the form in {page.template.name}" if page.template and form else "",
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
    rows = stored_users()
    require(
        "registering stores a user",
        NAME in map(str.lower, names_of(rows)) and not page.error,
        want=f"one user named {NAME} in the table, and no error",
        got=page,
        read="04_views#register",
        why=lambda: why_not_stored(page, rows, register_page),
    )
    return page


@pytest.fixture
def ada(registered, login_page, fill_in, new_browser, user_model):
    """The browser of ada, who has registered and logged in."""
    answer = fill_in("/login", NAME, PASSWORD)
    browser = answer.browser
    page = answer if answer.error else browser.get("/welcome")
    require(
        "logging in signs you in: GET /welcome greets you by name",
        page.says(NAME),
        want=f'the page says "{NAME}" after POST /login and GET /welcome',
        read="04_views#log-in",
        why=lambda: why_not_greeted(answer, page, registered, login_page, user_model),
    )
    page = new_browser().get("/welcome")
    require(
        "/welcome greets nobody who has not logged in",
        not page.greets(NAME),
        want=f'no "{NAME}" in a browser that has not logged in',
        got=page,
        read="04_views#welcome",
        hint="Whom does current_user stand for in a browser without a login?",
    )
    return browser
