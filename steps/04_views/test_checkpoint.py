"""Checkpoint 4: people can register and log in, and every refusal says why."""

import re
from urllib.parse import urlencode

import pytest
from workbench.causes import lost_redirect, why_let_in, why_silent
from workbench.finding import expect, require
from workbench.fixtures import ANOTHER_PASSWORD, NAME, PASSWORD, listed, names_of
from workbench.lines import view_at

LONG_PASSWORD = PASSWORD + " é" * 20
TAGGED = "<b>grace</b>"


@pytest.fixture
def reason(new_browser):
    """Return a function that picks out of a page what a first visit does not show."""
    return lambda page: page.news(new_browser().get(page.path)) if not page.error else ""


@pytest.fixture
def register(registered, fill_in, reason, stored_users):
    """Return a function that registers somebody: is it refused in words, and what is seen?"""

    def register(name, password):
        before = stored_users()
        page = fill_in("/register", name, password)
        after = stored_users()
        fact = f"users in the table: {listed(names_of(after))}"
        if len(after) == len(before):
            fact = f"the password of {name} is another one now"
        kept, said = after == before, reason(page)
        if kept and said and said == reason(registered):
            return False, {"got": page, "fact": "the words are those of a success"}
        return said and kept, {"got": page, "fact": "" if kept else fact}

    return register


@pytest.fixture
def register_explains(registered, fill_in, reason):
    """At least one refusal of the register page can be read on the page."""
    first = fill_in("/register", NAME, PASSWORD)
    others = (fill_in("/register", *typed) for typed in [("", PASSWORD), ("grace", "")])
    require(
        "a refused registration says why, on the page",
        reason(first) or any(reason(page) for page in others),
        want="a message that the page does not show at first",
        why=lambda: why_silent(first, "What does the view do when the name is taken?"),
        read="say-why",
    )


@pytest.fixture
def login_explains(register_explains, ada, fill_in, reason):
    """The page that answers when ada's password is wrong; it says so."""
    page = fill_in("/login", NAME, ANOTHER_PASSWORD)
    let_in = page.greets(NAME)
    require(
        "a wrong password is refused, and the page says so",
        reason(page) and not let_in,
        want="a message that the page does not show at first",
        why=lambda: (
            why_let_in(page)
            if let_in
            else why_silent(page, "What does the view show when the password is wrong?")
        ),
        read="log-in",
    )
    return page


@pytest.fixture
def grace(ada, fill_in, stored_users):
    """The welcome page of Grace, who has a capital letter, while ada is logged in."""
    fill_in("/register", "Grace", PASSWORD)
    stored = [name for name in names_of(stored_users()) if name.lower() == "grace"]
    page = fill_in("/login", "Grace", PASSWORD).browser.get("/welcome")
    view = view_at(page.browser.app, "/login", "POST")
    require(
        "whoever has registered can log in, with capitals, too",
        not stored or page.says("grace"),
        want='Grace, who has registered with a capital letter, sees "Grace" at GET /welcome',
        got=page,
        fact=f'she is stored as "{listed(stored)}"',
        read="log-in",
        hint="What happens to capital letters when somebody registers, and when they log in?",
        at=view,
    )
    meanwhile = ada.get("/welcome")
    require(
        "two people can be logged in at the same time",
        not stored or meanwhile.says(NAME),
        want=f'"{NAME}" still sees "{NAME}" at GET /welcome when Grace has logged in elsewhere',
        got=meanwhile,
        read="log-in",
        hint="What do two visitors share? A login belongs into the session, which each has.",
        at=view,
    )
    return page


@pytest.fixture
def tagged_name(ada, fill_in):
    """The welcome page of somebody whose name looks like HTML, if that could be registered."""
    fill_in("/register", TAGGED, PASSWORD)
    page = fill_in("/login", TAGGED, PASSWORD).browser.get("/welcome")
    require(
        "a name is shown as it was typed, and is no part of the page",
        TAGGED not in page.html,
        want=f'"{TAGGED}" as text',
        got=f"the name with its tags, at {page.path}",
        read="welcome",
        hint="Jinja turns < into &lt; by itself. What switches that off?",
        at=page.template or page,
        word=r"\|\s*safe\b|autoescape",
    )
    return page


@pytest.fixture
def foreign_link(ada, new_browser):
    """The page that follows a login when the link to the login page names another site."""
    page = new_browser().get("/login?next=https://evil.example/")
    if form := page.password_form():
        page = page.browser.submit(form, username=NAME, password=PASSWORD)
    require(
        "logging in leads to no other site",
        "evil.example" not in "".join(location for _, location in page.hops[:1]),
        want="a page of this site, also after /login?next=https://evil.example/",
        got=page,
        read="log-in",
        hint="Whoever makes the link chooses next. Which addresses may a login lead to?",
    )
    return page


def test_registering_leads_to_the_login_page(registered, login_page):
    """registering leads to the login page"""
    expect(
        registered.at("/login"),
        want="sent to /login",
        got=registered,
        read="register",
        why=lambda: (
            lost_redirect(registered)
            or {"hint": "Where does the view send somebody who has registered?"}
        ),
    )


def test_a_taken_name_is_refused(register_explains, register):
    """a taken username is refused: a message on the page, and still one ada"""
    refused, seen = register(NAME, ANOTHER_PASSWORD)

    expect(
        refused,
        want="a message on the page",
        **seen,
        read="register",
        hint="The database refuses the second row. What can the view do about that?",
    )


def test_an_empty_field_is_refused(register_explains, register):
    """an empty field is refused: a message on the page, and no new user"""
    for name, password in [("", PASSWORD), ("grace", "")]:
        refused, seen = register(name, password)

        expect(
            refused,
            want=f'a message when username="{name}" and password="{password}"',
            **seen,
            read="register",
            hint="What does the view do with an empty username, and with an empty password?",
        )


def test_a_long_password_is_refused(register_explains, register):
    """a password above 72 bytes is refused: a message, and no new user"""
    refused, seen = register("grace", LONG_PASSWORD)

    expect(
        refused,
        want=f"a message for a password of {len(LONG_PASSWORD.encode())} bytes",
        **seen,
        read="register",
        hint="What does set_password() do with more than 72 bytes?"
        if seen["fact"]
        else "set_password() raises ValueError. Where does the view catch it?",
    )


def test_logging_in_leads_to_the_welcome_page(ada, grace, tagged_name, foreign_link, fill_in):
    """logging in leads to the welcome page, which greets you by name"""
    page = fill_in("/login", NAME, PASSWORD)

    expect(
        page.greets(NAME),
        want=f'sent to /welcome, and the page says "{NAME}"',
        got=page,
        read="log-in",
        why=lambda: (
            lost_redirect(page)
            or {
                "fact": f"{NAME} is in the session" if page.deeds.logged_in else "",
                "hint": "Where does the view lead when the password is right?",
            }
        ),
    )


def test_a_wrong_password_lets_nobody_in(login_explains):
    """a wrong password lets nobody in: /welcome still greets nobody"""
    page = login_explains.browser.get("/welcome")

    expect(
        not page.greets(NAME),
        want=f'no "{NAME}" at GET /welcome',
        got=page,
        read="log-in",
        hint="Does login_user() run before the password is checked?",
        at=login_explains,
    )


def test_nobody_learns_which_names_exist(login_explains, fill_in, reason):
    """an unknown username gets the same answer as a wrong password"""
    wrong, unknown = login_explains, fill_in("/login", "nobody", PASSWORD)
    masked = rf"(?i){NAME}|nobody|\d+"  # a number may count attempts, or tell the time
    texts = [re.sub(masked, "*", page.text) for page in (wrong, unknown)]
    told = [f'{page.status}, with the message "{reason(page)}"' for page in (wrong, unknown)]

    expect(
        texts[0] == texts[1] and wrong.status == unknown.status and not unknown.error,
        want=told[0],
        got=unknown if unknown.error or unknown.at("/welcome") else told[1],
        read="log-in",
        hint="Whom does the query find when the name is unknown?"
        if unknown.at("/welcome")
        else "Two different answers tell a stranger which names are taken.",
        at=unknown,
    )
    for name in (NAME[0] + "%", "' OR ''='"):
        page = fill_in("/login", name, PASSWORD)
        let_in = page.browser.get("/welcome")

        expect(
            not page.error and not let_in.greets(NAME),
            want=f"no user has the name {name}",
            got=page if page.error else let_in,
            read="log-in",
            hint="What does the query make of such a name: a value to compare, or more than that?",
            at=page,
        )


def test_a_long_password_is_a_wrong_password(login_explains, fill_in, reason):
    """logging in with a password above 72 bytes is refused like any wrong one"""
    page = fill_in("/login", NAME, LONG_PASSWORD)

    expect(
        reason(page),
        want=f"a message for a password of {len(LONG_PASSWORD.encode())} bytes",
        got=page,
        read="log-in",
        hint="What does check_password() do with more than 72 bytes?",
    )


def test_the_address_logs_nobody_in(ada, new_browser):
    """a password in the address logs nobody in: only the form does"""
    browser = new_browser()
    answer = browser.get("/login?" + urlencode({"username": NAME, "password": PASSWORD}))
    page = browser.get("/welcome")

    expect(
        not page.greets(NAME),
        want=f'no "{NAME}" at GET /welcome',
        got=page,
        read="log-in",
        hint="request.form holds what was posted. What do request.args and request.values hold?",
        at=answer,
    )


def test_a_stranger_is_not_greeted(stranger):
    """a stranger at /welcome sees no name, and no error"""
    page = stranger.get("/welcome")
    handler = page.browser.app.login_manager.unauthorized_callback

    expect(
        page.opens() and not page.greets(NAME),
        want="a page without a name, or the way to the login page",
        got=page,
        read="welcome",
        hint="A stranger has no name: see current_user.is_authenticated.",
        at=handler if page.deeds.turned_away and handler else None,
    )
