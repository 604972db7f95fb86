"""What checkpoints of pages start from: browsers, forms, and people who have used them.

Here, too, a precondition that is not met fails the first test that needs it.
"""

import pytest

from workbench.attempt import attempt
from workbench.browser import Browser
from workbench.finding import require
from workbench.fixtures import NAME, PASSWORD, listed


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
        got=form or f'no form with a password field; the page says "{page.text}"',
        read=read,
        hint="What do people press to send the form?"
        if form and not form.button
        else "What do the attributes method= of a form and name= of an input do?",
        at=page.template or page,
        word="<form" if page.template else "",
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
    users = stored_users()
    require(
        "registering stores a user",
        NAME in users and not page.error,
        want=f"one user named {NAME} in the table, and no error",
        got=page,
        fact=f"users in the table: {listed(users)}",
        read="04_views#register",
        hint=why_not_stored(page, users, register_page),
    )
    return page


def why_not_stored(page, users, register_page):
    """Return a hint that follows from what the register view did with ada's form."""
    deeds = page.deeds
    if users:
        return "Which field of the form becomes the username?"
    if deeds.added and not deeds.committed:
        return "db.session.add() announces a row. Which call writes it?"
    if deeds.committed and not deeds.added:
        return "commit() writes what was announced. Which call of db.session announces the user?"
    if deeds.flashed or page.news(register_page):
        return "Which line refuses this registration, and what does it look at?"
    if deeds.hashed or page.hops:
        return "Which two calls of db.session store a row?"
    return "Does the view ask whether request.method is POST, and which of its branches runs?"


@pytest.fixture
def ada(registered, fill_in, new_browser):
    """The browser of ada, who has registered and logged in."""
    answer = fill_in("/login", NAME, PASSWORD)
    browser = answer.browser
    page = answer if answer.error else browser.get("/welcome")
    require(
        "logging in signs you in: GET /welcome greets you by name",
        page.says(NAME),
        want=f'the page says "{NAME}" after POST /login and GET /welcome',
        **why_not_greeted(registered, answer, page),
        read="04_views#log-in",
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


def why_not_greeted(registered, answer, page):
    """Return what was got where a login greets nobody: look at the session and the hashes."""
    app, user_id = answer.browser.app, answer.browser.session().get("_user_id")
    if page.error:
        return {"got": page}
    if user_id is None:
        fact, hint, at = why_not_signed_in(registered, answer)
        return {"got": answer, "fact": fact, "hint": hint, "at": at}
    loader = app.login_manager._user_callback
    with app.test_request_context():
        found = attempt(loader, user_id)
    if found.value is None:
        fact = f"the user loader returns {found} for the id {user_id!r} of the session"
        hint = "Does the user loader look for that id, and does it return what it finds?"
        return {"got": page, "fact": fact, "hint": hint, "at": loader}
    hint = "Flask-Login gives every template a current_user. What does the page print of it?"
    return {"got": page, "hint": hint, "at": page.template}


def why_not_signed_in(registered, answer):
    """Return (fact, hint, what is behind it) of a login that leaves nobody in the session."""
    if answer.deeds.logged_in:
        hint = "What else does the view do to the session?"
        return "a login that the session does not keep", hint, answer
    if not answer.deeds.checked:
        hint = "Does the branch for POST run, and does the query find the user?"
        return "no password was compared with a hash", hint, answer
    password, fits = answer.deeds.checked[-1]
    if fits:
        hint = "Which Flask-Login function writes the user into the session?"
        return "the password fits, and nobody is in the session", hint, answer
    if password != PASSWORD:
        hint = "Which field of the form does the password check get?"
        return f'"{password}" was compared with the hash', hint, answer
    hashed = registered.deeds.hashed[-1:]
    if hashed not in ([], [PASSWORD]):
        hint = "Which field of the form does the register view hash?"
        return f'the register view has hashed "{hashed[0]}"', hint, registered
    return "the password does not fit the hash", "Which user does the query find?", answer
