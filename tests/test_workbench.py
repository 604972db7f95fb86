"""The machinery: forms are sent as a browser sends them, and no error or loop is missed."""

import threading
import time

import pytest
from examiner import ROOT
from flask import Flask, jsonify, redirect, request, session
from test_diffs import lines_of_code
from workbench import attempt as patience
from workbench.attempt import Observed, StillRunning, attempt, describe, stack_of
from workbench.browser import Browser
from workbench.page import MAX_REDIRECTS, Page

MACHINERY = [ROOT / "conftest.py", *sorted(ROOT.glob("tests/workbench/*.py"))]
GRADING = sorted(ROOT.glob("tests/grading/*.py"))
FIELDS = """
<form method="POST">
  <input name="username" required maxlength="3"><input name="empty">
  <input type="password" name="password"><input type="password" name="repeat">
  <input type="hidden" name="token" value="t"><input hidden name="unseen" value="u">
  <input type="checkbox" name="ticked" checked><input type="checkbox" name="blank" value="1">
  <input type="radio" name="size" value="s"><input type="radio" name="size" value="m" checked>
  <select name="chosen"><option>1</option><option value="2" selected>two</option></select>
  <select name="first"><option>one</option><option>two</option></select>
  <textarea name="note">some words</textarea>
  <input name="disabled" value="d" disabled><input value="without a name">
  <input type="file" name="picture"><input type="reset" name="reset">
  <button type="button" name="menu" value="m">Menu</button>
  <button name="pressed" value="p">Send</button><button name="second" value="s">Other</button>
</form>
"""


@pytest.fixture
def app():
    """A site that repeats what it was sent, and redirects in many ways."""
    app = Flask("site")

    @app.route("/echo", methods=["GET", "POST"])
    def echo():
        return jsonify([request.method, request.args, request.form])

    @app.route("/redirect/<int:status>", methods=["GET", "POST"])
    def again(status):
        return "", status, {"Location": request.args["to"]}

    @app.get("/hop/<int:more>")
    def hop(more):
        return redirect(f"/hop/{more - 1}") if more else "arrived"

    @app.get("/crash")
    def crash():
        return 1 / 0

    return app


@pytest.fixture
def browser(app):
    """A browser on that site."""
    return Browser(app)


def page(html, address="http://localhost/a/page?old=1"):
    """Return a page that holds this HTML."""
    return Page(None, address, "200 OK", html)


def form(html):
    """Return the first form of some HTML."""
    return page(html).forms[0]


# Forms


def test_a_form_sends_what_a_browser_sends():
    """Every field with a name is sent, filled in or unchanged, and so is one button."""
    typed = {"username": "grace", "password": "secret words"}
    sent = form(FIELDS).filled_in(typed, by_hand=False)

    assert dict(sent) == {
        "username": "grace",
        "empty": "",
        "password": "secret words",
        "repeat": "secret words",
        "token": "t",
        "unseen": "u",
        "ticked": "on",
        "size": "m",
        "chosen": "2",
        "first": "one",
        "note": "some words",
        "pressed": "p",
    }
    assert len(sent) == len(dict(sent))


@pytest.mark.parametrize(
    ("attributes", "action"),
    [
        ("", "http://localhost/a/page?old=1"),
        ('action=""', "http://localhost/a/page?old=1"),
        ('action="next"', "http://localhost/a/next"),
        ('action="/login"', "http://localhost/login"),
        ('action="?new=2"', "http://localhost/a/page?new=2"),
        ('action="http://localhost/login"', "http://localhost/login"),
        ('action="//evil.example/"', "http://evil.example/"),
    ],
)
def test_a_form_is_sent_to_its_action(attributes, action):
    """Relative, absolute, empty and missing actions lead where a browser goes."""
    assert form(f"<form {attributes}></form>").action == action


@pytest.mark.parametrize(
    ("attributes", "sends"),
    [
        ('method="post" action="/logout/"', True),
        ('method="POST" action="http://localhost/logout"', True),
        ('action="/logout"', False),
        ('method="put" action="/logout"', False),
        ('method="post" action="/logout-all"', False),
    ],
)
def test_a_form_leads_to_a_path_by_post(attributes, sends):
    """The logout form is the one that posts to /logout, with or without a slash."""
    found = page(f"<form {attributes}><button>Log out</button></form>").form_to("/logout")

    assert bool(found) == sends


def test_a_form_without_a_button_leads_nowhere():
    """A form without a button doesn't count as a way to log out."""
    assert page('<form method="post" action="/logout"></form>').form_to("/logout") is None


def test_the_page_s_own_password_form_comes_first():
    """A login form in the navigation is not taken for the form of the register page."""
    login = '<form action="/login" id="nav"><input type="password"></form>'
    own = '<form id="own"><input type="password"></form>'

    assert page(login + own).password_form().tag["id"] == "own"
    assert page(login).password_form().tag["id"] == "nav"
    assert page("<form><input></form>").password_form() is None


@pytest.mark.parametrize(
    ("html", "complete"),
    [
        ('<form method="post"><input name="username"><input name="password"><button>', True),
        ('<form><input name="username"><input name="password"><button>', False),
        ('<form method="post"><input name="username"><input name="pw"><button>', False),
        ('<form method="post"><input name="username"><input id="password"><button>', False),
        ('<form method="post"><input name="username"><input name="password"></form>', False),
        (
            '<form id="a" method="post"><input name="username"><input name="password"></form>'
            '<button form="a">',
            True,
        ),
        (
            '<form id="a" method="post"><input name="username"><input name="password"></form>'
            '<button form="b">',
            False,
        ),
    ],
)
def test_a_form_asks_for_fields_by_name(html, complete):
    """A form without method="post", names or a button (it may be outside) is noticed."""
    assert form(html).asks_for("username", "password") == complete


def test_a_form_is_described_as_it_is_written():
    """In a message, a form is shown with the method and the field names that the page has."""
    shown = str(form('<form method="put"><input name="a"><textarea name="b"></textarea></form>'))

    assert shown == 'a form with method="put", sent to /a/page, fields: a, b, no button'
    assert str(form("<form><input><button>Go</button></form>")).endswith(", no fields with a name")


def test_a_get_form_puts_its_fields_into_the_address(browser):
    """A form without method="post" replaces the query, and sends no body."""
    field = '<form action="/echo?old=1"><input name="q" value="a &amp; b"></form>'

    assert browser.submit(form(field)).text == '["GET",{"q":"a & b"},{}]'


def test_a_post_form_keeps_the_query(browser):
    """A form with method="post" leaves the address as it is."""
    field = '<form method="post" action="/echo?next=%2F"><input name="q"></form>'

    assert browser.submit(form(field), q="ü").text == '["POST",{"next":"/"},{"q":"\\u00fc"}]'


# Redirects


@pytest.mark.parametrize(
    ("status", "method"),
    [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")],
)
def test_redirects_are_followed(status, method, browser):
    """307 and 308 repeat what was sent, the others go on with GET."""
    html = f'<form method="post" action="/redirect/{status}?to=/echo"><input name="q"></form>'
    answer = browser.submit(form(html), q="1")
    sent = '{"q":"1"}' if method == "POST" else "{}"

    assert answer.text == f'["{method}",{{}},{sent}]'
    assert [hop[1] for hop in answer.hops] == ["/echo"]
    assert answer.at("/echo/")


def test_five_redirects_are_followed_and_a_sixth_is_not(browser):
    """A chain of five arrives; a longer one ends, and says so."""
    assert browser.get(f"/hop/{MAX_REDIRECTS}").text == "arrived"

    lost = browser.get(f"/hop/{MAX_REDIRECTS + 1}")
    assert not lost.opens()
    assert str(lost) == "more than 5 redirects, the last one to /hop/0"


def test_a_redirect_off_the_site_is_not_followed(browser):
    """A redirect to another site is not followed, and does not count as 200 OK."""
    for goal in ("https://evil.example/login", "//evil.example/login"):
        page = browser.get(f"/redirect/302?to={goal}")

        assert not page.at("/login")
        assert str(page) == f"302 FOUND, sent to {goal}"


def test_a_redirect_to_nowhere_is_a_page(app, browser):
    """302 without an address is shown as it is."""
    app.get("/nowhere")(lambda: ("lost", 302))

    assert str(browser.get("/nowhere")) == "302 FOUND"


# Pages


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ("<p>Hello, <b>Ada</b>!</p>", True),
        ("ADA's page", True),
        ("Adam, Canada, ada_1", False),
        ("<title>ada</title><script>ada</script><style>ada</style>", False),
        ("<template>ada</template><p hidden>ada</p><!-- ada -->", False),
        ('<input value="ada"><img alt="ada">', False),
    ],
)
def test_a_page_says_a_word(html, says):
    """A name is a whole word in text that a visitor sees, in capitals or not."""
    assert page(html).says("ada") == says


def test_news_is_what_a_page_did_not_show_before():
    """A message is text that a fresh page lacks, even if the same words were there before."""
    before, after = page("<h1>Log in</h1><p>Hi</p>"), page("<p>Wrong</p><p>Hi</p><p>Hi</p>")

    assert after.news(before) == ["Wrong", "Hi"]
    assert before.news(before) == []


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/hop/0", '200 OK, the page says "arrived"'),
        ("/hop/1", '302 FOUND, sent to /hop/0, the page says "arrived"'),
        ("/nothing", "404 NOT FOUND"),
        ("/crash", "500 ZeroDivisionError: division by zero"),
    ],
)
def test_a_page_is_described_as_it_was_seen(path, shown, browser):
    """The words for a message name the status, the redirect, the text or the crash."""
    assert str(browser.get(path)) == shown


def test_cookies_belong_to_one_browser(app):
    """Two browsers have separate cookies."""
    app.secret_key = "for this test"
    app.get("/name")(lambda: session.setdefault("name", "ada"))
    ada, other = Browser(app), Browser(app)
    ada.get("/name")

    assert ada.session() == {"name": "ada"}
    assert other.session() == {}


def test_without_a_key_there_is_no_session(browser):
    """An app without a SECRET_KEY has an empty session, not a crash."""
    assert browser.session() == {}


# What a browser does, and a test client does not


@pytest.mark.parametrize(
    ("html", "usable"),
    [
        ('<input name="username"><input name="password">', True),
        ('<fieldset disabled><input name="username"></fieldset><input name="password">', False),
        ('<input name="username" readonly><input name="password">', False),
        ('<input name="username" form="other"><input name="password">', False),
        ('<button disabled>Off</button><input name="username"><input name="password">', True),
    ],
)
def test_a_form_asks_for_what_people_can_type(html, usable):
    """A field that is switched off, locked or another form's is not asked for."""
    found = form(f'<form method="post">{html}<button>Send</button></form>')

    assert found.asks_for("username", "password") == usable


@pytest.mark.parametrize(
    ("attributes", "sends"),
    [("", True), ('enctype="multipart/form-data"', True), ('enctype="text/plain"', False)],
)
def test_plain_text_is_no_form(attributes, sends, browser):
    """With enctype="text/plain" a server gets no fields, and the form is refused for it."""
    html = f'<form method="post" action="/echo" {attributes}><input name="q"><button>Go</button>'
    answer = browser.submit(form(html), q="1")

    assert ('"q":"1"' in answer.text) == sends
    assert form(html).asks_for("q") == sends


def test_what_is_typed_is_cut_at_maxlength():
    """By hand a value ends where the field does; an attacker sends all of it."""
    found = form('<form method="post"><input name="username" maxlength="3"></form>')

    assert found.filled_in({"username": "grace"}) == [("username", "gra")]
    assert found.filled_in({"username": "grace"}, by_hand=False) == [("username", "grace")]


def test_what_a_page_insists_on_gets_an_answer():
    """Required fields, boxes and lists are filled in as a person would; others stay as they are."""
    html = (
        '<input name="mail" type="email" required><input name="note">'
        '<input type="checkbox" name="terms" required><input type="checkbox" name="news">'
        '<select name="land" required><option value="">Choose</option><option>UK</option></select>'
    )
    sent = dict(form(f"<form>{html}</form>").filled_in({}))

    assert sent == {"mail": "ada@example.org", "note": "", "terms": "on", "land": "UK"}


@pytest.mark.parametrize(
    ("attributes", "takes"),
    [
        ("", True),
        ('minlength="3"', True),
        ('minlength="4"', False),
        ('pattern="[a-z]+"', True),
        ('pattern=".*[0-9].*"', False),
        (r'pattern="\p{L}+"', True),
        ('type="email"', False),
    ],
)
def test_a_field_says_what_it_takes(attributes, takes):
    """The limits of a field are those that a browser holds people to."""
    found = form(f'<form><input name="username" {attributes}></form>')

    assert found.takes(username="ada") == takes


def test_a_form_inside_a_form_is_ignored():
    """Its fields belong to the outer one."""
    html = '<form id="a"><input name="username"><form id="b"><input name="password"></form></form>'

    assert [one.tag["id"] for one in page(html).forms] == ["a"]
    assert page(html).forms[0].names == ["username", "password"]


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ("Path=/; SameSite=Lax", ""),
        ("Path=/; SameSite=None", "SameSite=None without Secure"),
        ("Path=/; SameSite=None; Secure", ""),
        ("Domain=example.com; Path=/", "its domain is example.com"),
        ("Path=/; Expires=Thu, 01 Jan 2015 00:00:00 GMT", "it has expired on 2015-01-01"),
        ("Path=/; Max-Age=0", ""),
    ],
)
def test_a_browser_refuses_some_cookies(attributes, reason, app, browser):
    """A cookie that browsers refuse is not sent back, and the reason is noted."""
    app.get("/set")(lambda: ("set", {"Set-Cookie": f"flavor=sweet; {attributes}"}))
    browser.get("/set")

    assert browser.refused.get("flavor", "") == reason
    assert not (reason and browser.client.get_cookie("flavor"))


# What a visitor reads


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("<p>one</p><p>two</p>", ["one", "two"]),
        ("Hello, <b>a</b>da<br>bye", ["Hello, ada", "bye"]),
        ("<ul><li>one<li>two</ul>", ["one", "two"]),
        ("<p>one\n  <em>line</em></p>", ["one line"]),
    ],
)
def test_a_page_is_read_line_by_line(html, lines):
    """Lines break where a browser breaks them, not at each tag."""
    assert page(html).lines == lines


@pytest.mark.parametrize(
    ("html", "says"), [("你好ada欢迎", True), ("adaé", False), ("ada_1", False)]
)
def test_a_name_ends_where_its_letters_end(html, says):
    """A name is found next to a letter of another script."""
    assert page(html).says("ada") == says


def test_what_changes_at_each_visit_is_no_message():
    """A tip of the day is left out, and a message beside it is found."""
    first, second = page('<p class="tip">one</p>'), page('<p class="tip">two</p>')
    answer = page('<p class="tip">three</p><p role="alert">No.</p>')

    assert answer.news(first, second) == ["No."]
    assert answer.news(first, first) == ["three", "No."]


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<nav>Home</nav><h1>Log in</h1><p role="alert">No.</p><p>Password</p>', "No."),
        ("<nav>Home</nav><h1>Log in</h1><form>Password</form>", "Log in"),
        ("<nav>Home</nav><p>Password</p>", "Password"),
        ("<nav>Home</nav>", "Home"),
    ],
)
def test_the_gist_of_a_page_is_shown(html, words):
    """A message tells what matters on a page: an alert, else the heading, else the text."""
    assert str(page(html)) == f'200 OK, the page says "{words}"'


# Attempts


class Mute(Exception):
    """An error whose __str__ raises."""

    def __str__(self):
        """Break."""
        raise ValueError


@pytest.fixture
def impatient(monkeypatch):
    """Wait for a moment only."""
    monkeypatch.setattr(patience._Patience, "seconds", 0.2)


def loop():
    """Run until it is stopped."""
    while True:
        time.sleep(0.01)


def test_an_attempt_is_a_value_or_an_error():
    """Whatever a function raises, even the end of the program, comes back as an Attempt."""
    assert attempt(divmod, 7, 2).value == (3, 1)
    assert str(attempt(divmod, 7, 2)) == "(3, 1)"
    assert str(attempt(int, "x")).startswith("ValueError: invalid literal")
    for error in (SystemExit, KeyboardInterrupt):
        assert isinstance(attempt(raising, error).error, error)


def raising(error):
    """Raise an error."""
    raise error


def test_what_runs_for_ever_is_stopped(impatient):
    """A loop is reported with the line where it was, its thread ends, and patience too."""
    threads, first = threading.active_count(), loop.__code__.co_firstlineno
    late = attempt(loop)

    assert isinstance(late.error, StillRunning)
    assert str(late) == "no answer after 0.2 s"
    assert {(__file__, first + 2), (__file__, first + 3)} & set(stack_of(late.error))
    assert patience._Patience.seconds == patience.IMPATIENCE
    deadline = time.monotonic() + 5
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == threads


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("one\ntwo"), "ValueError: one"),
        (ValueError("\n\n  one\ntwo"), "ValueError: one"),
        (ValueError(), "ValueError"),
        (SyntaxError("'(' was never closed", ("app.py", 1, 1, "")), "SyntaxError: '(' was never"),
        (ImportError("no x (/lib/y.py)", path="/lib/y.py"), "ImportError: no x"),
        (Mute(), "Mute"),
        (Observed("no app.py there yet"), "no app.py there yet"),
    ],
)
def test_an_error_is_described_in_one_line(error, text):
    """The line has the type and the first words of the message, and no path of a library."""
    assert describe(error).startswith(text)
    assert describe(error).count("\n") == describe(error).count("/") == 0


def test_a_syntax_error_lies_in_its_file():
    """The place of a syntax error is the line that Python names."""
    late = attempt(compile, "a = 1\nb = (", "app.py", "exec")

    assert stack_of(late.error)[-1] == ("app.py", 2)


# Budgets


@pytest.mark.parametrize("path", [*MACHINERY, *GRADING], ids=lambda path: path.name)
def test_a_module_stays_small(path):
    """conftest.py and each module of the machinery have fewer than 200 lines of code."""
    assert len(lines_of_code(path.read_text("utf-8"))) < 200
