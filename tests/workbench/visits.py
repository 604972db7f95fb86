"""What checkpoints of pages start from: browsers, forms, and people who have used them.

Here, too, a precondition that is not met fails the first test that needs it.
"""

import itertools

import pytest

from workbench.browser import Browser
from workbench.causes import why_not_greeted, why_not_stored
from workbench.finding import JUDGE, require
from workbench.guards import why_guests_are_in
from workbench.oracles import Judge
from workbench.page import MAX_REDIRECTS
from workbench.people import People
from workbench.tags import why_left_out
from workbench.users import names_of

PROVED = pytest.StashKey[dict]()  # of a run: {app: what need not be tried again}
PEOPLE = pytest.StashKey[dict]()  # of a run: {app: People}


@pytest.fixture
def judge(request, copy):
    """What watches every visit of the test."""
    request.node.stash[JUDGE] = judge = Judge(copy)
    return judge


@pytest.fixture
def new_browser(request, app, judge):
    """Return a function that makes a Browser without any cookies, each at an address of its own."""
    watches = judge if request.path.parent.name >= "04" else None
    numbers = itertools.count(1)
    return lambda: Browser(app, watches, f"127.0.1.{next(numbers)}")


@pytest.fixture
def proved(request, copy):
    """The names of preconditions that this app has met in an earlier test of the run."""
    return request.config.stash.setdefault(PROVED, {}).setdefault(copy.source, set())


@pytest.fixture
def stranger(new_browser):
    """The browser of a visitor who has not logged in."""
    return new_browser()


@pytest.fixture
def people(request, copy):
    """Names and passwords that this site takes; the first registration finds them out."""
    return request.config.stash.setdefault(PEOPLE, {}).setdefault(copy.source, People())


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
        why=lambda: (why_guests_are_in(browser.app) if page.hops else None) or {},
        shared="a circle of redirects" if len(page.hops) > MAX_REDIRECTS else "",
    )
    form = page.password_form()
    typed_openly = [one for one in page.forms if one.shows("password")]
    hint = "What do the attributes method= of a form and name= of an input do?"
    if form and not form.button:
        hint = "What do people press to send the form?"
    elif typed_openly and (not form or form in typed_openly):
        hint = "Which type of field hides what is typed? See type=."
    elif not form:
        left_out = why_left_out(page.template, "<form", browser.app.jinja_env)
        hint = (
            left_out
            or "Which template holds the form, and into which block of the page does it go?"
        )
    require(
        f"the form on {path} posts username and password",
        form
        and form.asks_for("username", "password")
        and form not in typed_openly
        and not page.forbids_forms(),
        want='a form with method="post", fields: username, password, and a button',
        got=what_is_there(page, form, typed_openly),
        read=read,
        hint=hint,
        at=page.template or html_of(page),
        word='name="?password' if typed_openly else "<form",
        shared=f"the form in {page.template.name}" if page.template and form else "",
    )
    return page


def html_of(page):
    """Return what holds the text of a page that has no template: the app's files, or its view."""
    copy = page.browser.judge.copy
    return copy if copy.mentions("<form|<button|<input") else page


def what_is_there(page, form, typed_openly):
    """Say what is on a page in place of a form that hides the password."""
    if page.forbids_forms():
        return f"Content-Security-Policy: {page.headers['Content-Security-Policy']}"
    if form in typed_openly:
        return f"{form}; the field password does not hide what is typed"
    if typed_openly:
        return 'no field has type="password"'
    return form or f"no form with a password field, {page}"


@pytest.fixture
def fill_in(new_browser):
    """Return a function that fills in the form at a path and returns the page that answers.

    A new browser opens the page and sends its form, so hidden fields are those of its session;
    a page that gives nothing to its visitor is the same for the next one, and is opened once.
    Without `by_hand` no limit of a field matters, as for an attacker.
    """
    opened = {}  # {path: page that is the same for every new visitor}

    def fill_in(path, username, password, by_hand=False, browser=None, follow=True):
        visitor = browser or new_browser()
        page = (not browser and opened.get(path)) or visitor.get(path)
        form = page.password_form()
        if not form:
            return page
        if not browser and not page.is_for_one():
            opened[path] = page
        visitor.address = page.address
        values = {"username": username, "password": password}
        return visitor.submit(form, by_hand, follow, **values)

    return fill_in


@pytest.fixture
def message(register_page, login_page, new_browser):
    """Return a function that lists the lines of a page which a first visit does not show."""
    first = {"/register": register_page, "/login": login_page}  # before anything has happened
    again, told = {}, {}

    def message(page):
        if page.error:
            return []
        if page not in told:
            before = first.setdefault(page.path.rstrip("/"), None) or new_browser().get(page.path)
            first[page.path.rstrip("/")] = before
            if page.news(before) and page.path not in again:
                again[page.path] = [new_browser().get(page.path) for _ in range(2)]
            told[page] = page.news(before, *again.get(page.path, ()))  # what changes is no news
        return told[page]

    return message


@pytest.fixture
def registered(register_page, login_page, fill_in, stored_users, people, message):
    """The page after ada has registered."""
    tries = people.choices(register_page.password_form())
    first = None
    for chosen in [people] if people.chosen else tries:
        page = fill_in("/register", chosen.ada, chosen.password, by_hand=True)
        rows = stored_users()
        first = first or (page, rows)
        if rows or page.error or page.hops or not message(page):
            break
    else:
        page, rows = first
    people.chosen = True
    require(
        "registering stores a user",
        people.ada in map(str.lower, names_of(rows)) and not page.error,
        want=f"one user named {people.ada} in the table, and no error",
        got=page,
        read="04_views#register",
        why=lambda: why_not_stored(page, rows, register_page),
    )
    return page


@pytest.fixture
def ada(registered, login_page, fill_in, new_browser, user_model, people, proved):
    """The browser of ada, who has registered and logged in."""
    form = login_page.password_form()
    require(
        "the login form takes the name and the password that the register form took",
        form.takes(username=people.ada, password=people.password),
        want=f'a form that takes "{people.ada}" and the password from the registration',
        got=f"{form}, which refuses them",
        read="04_views#log-in",
        hint="Which attributes of a field limit what can be typed? The two forms differ.",
        at=login_page.template or html_of(login_page),
        word=r"type=\"?email|pattern=|(?:max|min)length=",
    )
    answer = fill_in("/login", people.ada, people.password, by_hand=True)
    browser = answer.browser
    browser.first_words = answer.lines if answer.at("/welcome") else []
    page = answer if answer.error or answer.at("/welcome") else browser.get("/welcome")
    require(
        "logging in signs you in: GET /welcome greets you by name",
        page.says(people.ada),
        want=f'the page says "{people.ada}" after POST /login and GET /welcome',
        read="04_views#log-in",
        why=lambda: why_not_greeted(answer, page, registered, login_page, user_model),
    )
    if "closed" not in proved:
        page = new_browser().get("/welcome")
        require(
            "/welcome greets no visitor who has not logged in",
            not page.greets(people.ada),
            want=f'no "{people.ada}" in a browser that has not logged in',
            got=page,
            read="04_views#welcome",
            hint="Who is current_user in a browser that has not logged in?",
        )
        proved.add("closed")
    return browser
