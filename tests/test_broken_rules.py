"""Guard: ten broken rules of authentication are noticed, each by one test, in plain words."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
import sqlalchemy
from examiner import ROOT, sit
from workbench.browser import Browser
from workbench.fixtures import NAME, PASSWORD
from workbench.loader import cheap_salts, opened


class BrokenRule(NamedTuple):
    """An edit of a snapshot's app.py, and what its checkpoint says about that."""

    step: str
    old: str  # stands there once
    new: str
    test: str  # the one that fails
    got: str  # a part of its message


CHECK = 'if user and user.check_password(request.form["password"]):'
HASH = 'self.password_hash = bcrypt.generate_password_hash(password).decode("utf-8")'
BROKEN_RULES = {
    "any password logs in": BrokenRule(
        step="04_views",
        old=CHECK,
        new="if user:",
        test="test_a_wrong_password_lets_nobody_in",
        got="sent to /welcome",
    ),
    "an unknown user logs in": BrokenRule(
        step="04_views",
        old=CHECK,
        new="""\
if not user or user.check_password(request.form["password"]):
            user = user or db.session.get(User, 1)""",
        test="test_nobody_learns_which_names_exist",
        got="sent to /welcome",
    ),
    "the page is open to all": BrokenRule(
        step="05_logout",
        old="@login_required\n",
        new="",
        test="test_a_stranger_is_sent_to_the_login_page",
        got="200 OK",
    ),
    "logging out does nothing": BrokenRule(
        step="05_logout",
        old="    logout_user()\n",
        new="",
        test="test_logging_out_ends_the_login",
        got="Hello, ada.",
    ),
    "the password is stored as it is": BrokenRule(
        step="03_hashing",
        old=HASH,
        new="self.password_hash = password",
        test="test_the_hash_is_salted",
        got=repr(PASSWORD),
    ),
    "one password has one hash": BrokenRule(
        step="03_hashing",
        old=HASH,
        new="""\
from bcrypt import gensalt, hashpw

        salt = app.config.setdefault("SALT", gensalt())
        self.password_hash = hashpw(password.encode(), salt).decode()""",
        test="test_the_hash_is_salted",
        got="the same hash twice",
    ),
    "the message tells users apart": BrokenRule(
        step="04_views",
        old='flash("Wrong username or password.")',
        new='flash("Wrong password." if user else "Nobody has that name.")',
        test="test_nobody_learns_which_names_exist",
        got="Nobody has that name.",
    ),
    "the user loader gives somebody else": BrokenRule(
        step="02_model",
        old="db.session.get(User, int(user_id))",
        new="db.session.scalar(db.select(User))",
        test="test_the_user_loader_finds_each_user",
        got="<User ada>",
    ),
    "a name is taken twice": BrokenRule(
        step="04_views",
        old="unique=True, ",
        new="",
        test="test_a_taken_name_is_refused",
        got="sent to /login",
    ),
    "the address logs in": BrokenRule(
        step="04_views",
        old="""\
knows the password.\"""
    if request.method == "POST":
""",
        new="""\
knows the password.\"""
    request.form = request.values
    if request.form:
""",
        test="test_the_address_logs_nobody_in",
        got='the page says "',
    ),
}


@pytest.fixture(scope="module", params=BROKEN_RULES.values(), ids=BROKEN_RULES)
def rule(request):
    """One broken rule."""
    return request.param


@pytest.fixture(scope="module")
def sitting(rule, tmp_path_factory):
    """What came of sitting the checkpoint with an app that breaks the rule."""
    step, my_app = ROOT / "steps" / rule.step, tmp_path_factory.mktemp("learner") / "my_app"
    shutil.copytree(step, my_app, ignore=shutil.ignore_patterns("test_*", "instance", "__*__"))
    source = (my_app / "app.py").read_text("utf-8")
    assert source.count(rule.old) == 1, f"stands more than once, or no more: {rule.old}"
    (my_app / "app.py").write_text(source.replace(rule.old, rule.new), "utf-8")
    return sit(step, my_app, "--hints")


def test_a_broken_rule_is_noticed(rule, sitting):
    """A broken rule is one FAILED, of the test that guards it."""
    assert sitting.code == 1, sitting.output
    assert sitting.failed == [rule.test], sitting.output


def test_the_message_says_what_was_seen(rule, sitting):
    """The message tells what was wanted, and what was got."""
    rows = {line[:9].strip(): line[9:] for line in sitting.message.splitlines()[1:]}

    assert rows["want"]
    assert rule.got in rows["got"]


def test_the_message_is_short(sitting):
    """The message has at most 8 lines of at most 100 ASCII characters, and no library frames."""
    lines = sitting.message.splitlines()

    assert 0 < len(lines) <= 8
    assert max(len(line) for line in lines) <= 100
    assert sitting.message.isascii()
    assert "site-packages" not in sitting.message


@pytest.mark.parametrize("step", ["04_views", "05_logout"])
def test_two_registrations_at_once_make_one_user(step):
    """Of two people who register one name at the same moment, one is told that it is taken."""
    with opened(ROOT / "steps" / step) as copy, cheap_salts():
        app, here_both_wait = copy.load().value, threading.Barrier(2)

        def before_cursor_execute(_connection, _cursor, statement, *_):
            if statement.startswith("INSERT"):
                here_both_wait.wait(timeout=5)

        (engine,) = copy.engines
        sqlalchemy.event.listen(engine, "before_cursor_execute", before_cursor_execute)
        with ThreadPoolExecutor() as pool:
            pages = list(pool.map(register, [Browser(app), Browser(app)]))
        with engine.connect() as connection:
            users = connection.scalar(sqlalchemy.text("SELECT COUNT(*) FROM user"))

    assert [page.error for page in pages] == [None, None]
    assert sorted(page.path for page in pages) == ["/login", "/register"]
    assert users == 1


def register(browser):
    """Send the register form for ada and return the page that answers."""
    form = browser.get("/register").password_form()
    return browser.submit(form, username=NAME, password=PASSWORD)
