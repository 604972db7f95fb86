"""Crashes: a message says at least as much about them as Python's own traceback."""

import importlib
import re
import sys
from pathlib import Path

import pytest
from examiner import ROOT, STEPS, run_pytest, sit, sit_all
from mistakes import make, table
from readmes import readme
from workbench import chapters, missing
from workbench.attempt import CannotLoad, attempt, describe
from workbench.finding import plain
from workbench.hints import ERRORS
from workbench.oracles import OVER
from workbench.packages import PACKAGES, REMOVED, hint_for_import
from workbench.scene import OBSERVATIONS
from workbench.suggest import suggestion

CRASHES = table("crashes.toml")
STYLES = Path(__file__).with_name("other_styles")
MACHINERY = re.compile(r"site-packages|checkpoint-|AppCopy|workbench/|<locals>|Traceback")


@pytest.fixture(scope="module")
def sittings(tmp_path_factory):
    """The result of each row's checkpoint, by the name of the row."""
    papers = []
    for row in CRASHES.values():
        step = STEPS[row["step"] - 1]
        app = STYLES / row["style"] if "style" in row else step
        my_app = make(row["edits"], app, tmp_path_factory.mktemp("crash"))
        papers.append((step, my_app.name, my_app.parent))
    return dict(zip(CRASHES, sit_all(papers), strict=True))


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_is_explained(name, sittings):
    """The message holds the name that was meant, the line, and a hint where one is known."""
    sitting, row = sittings[name], CRASHES[name]
    told = " ".join(sitting.message.split())

    assert len(sitting.failed) == row.get("fails", 1), sitting.output
    assert [words for words in row["says"] if words not in told] == [], sitting.message


@pytest.mark.parametrize("name", CRASHES)
def test_the_message_about_a_crash_is_short(name, sittings):
    """At most 8 lines of 100 characters, a hint of 25 words, and nothing of the machinery."""
    message = sittings[name].message
    hint = re.search(r"^ {2}hint   (.*?)^ {2}read ", message, re.M | re.S)

    assert len(message.splitlines()) <= 8
    assert max(map(len, message.splitlines())) <= 100
    assert not MACHINERY.search(message)
    assert not hint or len(hint[1].split()) <= 25
    assert not re.search(r"!|\b(simply|just|obviously|please)\b", hint[1] if hint else "")


# Close names


def failing(code):
    """Return the error that some code raises."""
    return attempt(exec, code, {}).error


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("from flask_login import LoginManger", "'LoginManager'"),
        ("from flask import request_", "'request'"),
        ("import flask_brypt", "'flask_bcrypt'"),
        ("import sqlalchemy.ecx", "'sqlalchemy.exc'"),
        ("import flask; flask.Falsk", "'Flask'"),
        ("x = true", "'True'"),
        ("_name_", "'__name__'"),
        ("text = 1; txet", "'text'"),
        ("{'SECRET_KEY': 1}['SECRETKEY']", ""),  # only names and attributes are looked up
        ("d = {'SECRET_KEY': 1}; d['SECRETKEY']", ""),  # no file, so no expression
        ("os.environ", "import 'os'"),
        ("login_user(1)", "import 'login_user' from 'flask_login'"),
        ("session.add(1)", ""),  # of Flask, or of the database?
        ("''.decode()", ""),
        ("b''.encode()", ""),
        ("None.encode()", ""),
        ("from flask import Markup", ""),
        ("import dotenv", ""),
        ("import weather_report", ""),
        ("q", ""),
        ("raise KeyError", ""),
        ("raise NameError", ""),
        ("raise AttributeError('x')", ""),
        ("raise ImportError('x')", ""),
    ],
)
def test_a_close_name_is_asked_about(code, asked):
    """A question follows if the name is close to another one, or if a library has it."""
    found = suggestion(failing(code))

    assert found.endswith(f"{asked}?") if asked else found == ""


def test_the_interpreter_s_own_question_is_kept():
    """It is asked once, and only if there is no better hint."""
    assert describe(failing("import flask; flask.Falsk")).count("Did you mean") == 1
    assert describe(failing("''.decode()")).endswith("has no attribute 'decode'")


def test_an_object_that_breaks_when_looked_at_is_no_crash_of_ours():
    """A learner's __dir__ may raise whatever it likes."""
    code = "class A:\n    def __dir__(self):\n        raise SystemError\n\n\nA().some_name"

    assert describe(failing(code)) == "AttributeError: 'A' object has no attribute 'some_name'"


# Packages


@pytest.mark.parametrize("module", PACKAGES)
def test_what_is_not_in_venv_can_be_installed(module):
    """The hint says that the name is right, and names the package."""
    error = ModuleNotFoundError(f"No module named '{module}'", name=module)

    assert suggestion(error) == ""
    assert f"{module} is spelled right" in hint_for_import(error)
    assert PACKAGES[module] in hint_for_import(error)


@pytest.mark.parametrize("row", REMOVED, ids=lambda row: f"{row['module']} {row.get('name', '')}")
def test_what_was_removed_is_gone(row):
    """The names are gone from their libraries, and the hint says what replaced them."""
    module = re.sub(r"\(.*?\)\??|\\", "", row["module"]).partition("|")[0]
    names = re.fullmatch(r"[\w|]+", row.get("name", "")) and row["name"].split("|")
    if "name" not in row and sys.version_info < (3, 12) and module in ("distutils", "imp"):
        assert row["since"], "Python has it still, and the row says until when"
    elif "name" not in row:
        assert isinstance(failing(f"import {module}"), ModuleNotFoundError)
    elif names and not module[0].isupper():
        assert [one for one in names if hasattr(importlib.import_module(module), one)] == []
    assert row.get("hint") or row["now"]


def test_python_s_own_module_comes_first():
    """A file named like one of Python's modules is not found, and the hint says why."""
    error = failing("from time import opening_hours")

    assert "comes first" in hint_for_import(error, {"time"})
    assert hint_for_import(error, {"times"}) is None


# Hints


def test_every_row_can_be_read():
    """Each has a hint of at most 25 words, and names observations that there are."""
    for row in ERRORS:
        assert set(row) <= {"type", "text", "code", "when", "first", "line", "hint"}, row
        assert len(row["hint"].split()) <= 25, row
        assert set(row.get("when", ())) <= set(OBSERVATIONS), row
        for key in ("type", "text", "code", "line"):
            re.compile(row.get(key, "").replace("{1}", "x"))


def test_every_observation_is_asked_for():
    """Every observation is used by some row."""
    assert set(OBSERVATIONS) == {name for row in ERRORS for name in row.get("when", ())}


# What is printed


@pytest.mark.parametrize(
    ("encoding", "shown"), [("utf-8", "\u201csecret\u201d"), ("ascii", r"\u201csecret\u201d")]
)
def test_a_learner_s_characters_are_printed_where_they_can_be(
    encoding, shown, tmp_path, monkeypatch
):
    """Curly quotes look like the quotes in the file, or are written as Python writes them."""
    edits = [["app.py", '"sqlite:///site.db"', "\u201csecret\u201d"]]
    make(edits, STEPS[0], tmp_path)
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    sitting = sit(STEPS[0], "my_app", cwd=tmp_path)

    assert f'["SQLALCHEMY_DATABASE_URI"] = {shown}' in " ".join(sitting.message.split())
    assert all(line.isascii() for line in sitting.message.splitlines() if "  want" in line)


def test_a_control_character_never_reaches_the_terminal():
    """Whatever is in a file or an error, it cannot move the cursor or turn the text around."""
    assert plain("a\x1b[31m\u202eb\x07") == r"a\x1b[31m\u202eb\x07"
    assert plain("a\tb\nc") == "a b c"


def test_a_disk_that_ignores_capitals_hides_no_wrong_name(tmp_path, monkeypatch):
    """On macOS and Windows App.py answers to app.py, and Python's import does not find it."""
    tmp_path.joinpath("App.py").write_text("app = 1\n", "utf-8")
    monkeypatch.setattr(Path, "is_file", lambda path: path.name.lower() == "app.py")
    error = attempt(missing.refuse_missing, tmp_path / "app.py", tmp_path).error

    assert isinstance(error, CannotLoad)
    assert str(error) == "no app.py there yet, but App.py"
    assert "Capital letters" in error.hint


# What broke is told first: no message about what came of it


@pytest.mark.parametrize(
    ("old", "new", "got"),
    [
        ('login_view = "login"', 'login_view = "logn"', "500 BuildError"),
        ('login_view = "login"', 'login_view = "/logn"', "sent to /logn?next=%2Fwelcome, 404"),
    ],
)
def test_what_broke_is_told_first(old, new, got, tmp_path):
    """A message waits for a page that broke or is not there: the page is told of."""
    make([["app.py", old, new]], STEPS[-1], tmp_path)
    sitting = sit(STEPS, "my_app", cwd=tmp_path)

    assert got in sitting.message
    assert all(not text.startswith(OVER) for text in sitting.messages.values())


# Where to read on


SECTIONS = [name for _, name in (*chapters.SECTIONS, *chapters.PAGES)]


@pytest.mark.parametrize("section", [chapters.STUCK, *dict.fromkeys(SECTIONS)])
def test_a_section_that_a_crash_points_to_is_there(section):
    """Each heading exists in the README of its chapter."""
    chapter, _, heading = section.partition("#")
    titles = re.findall(r"^#+ (.+)$", readme(ROOT / "steps" / chapter), re.M)

    assert heading in [re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in titles]


@pytest.mark.parametrize(
    ("old", "new", "read"),
    [
        ("@login_required\ndef", "@login_reqired\ndef", "05_logout/README.md#protect-a-page"),
        ("logout_user\nfrom", "logout_usr\nfrom", "05_logout/README.md#log-out"),
        ("import Flask, flash", "import Flask, flsh", "04_views/README.md#templates"),
        ('"home.html"', '"hme.html"', "04_views/README.md#templates"),  # GET / breaks
        ("db.create_all()", "db.creat_all()", "02_model/README.md#the-table"),
        ("db.Integer", "db.Interger", "02_model/README.md#the-user-model"),
        ("def login():", "def login()", "04_views/README.md#log-in"),
        ("Bcrypt(app)", "Bcrypt(ap)", "01_setup/README.md#attach-the-extensions"),
        ("Flask(__name__)", "Flask(__name__", "01_setup/README.md#the-first-page"),
        ('"sqlite:', '"sqlit:', "01_setup/README.md#the-database-address"),
        ('["SECRET_KEY"]', '["SECRET_KEY]', "01_setup/README.md#the-secret-key"),
    ],
)
def test_step_1_reads_on_where_the_learner_is(old, new, read, tmp_path):
    """If the code of a later chapter breaks the first one, that chapter is named."""
    make([["app.py", old, new]], STEPS[-1], tmp_path)
    sitting = sit(STEPS[0], "my_app", cwd=tmp_path)

    assert sitting.message.endswith(f"read   steps/{read}")


def test_a_login_without_a_route_is_no_matter_of_login_view(tmp_path):
    """Where a template asks for its address, the hint is about the function."""
    edits = [["app.py", '@app.route("/login", methods=["GET", "POST"])\n', ""]]
    make(edits, STEPS[-1], tmp_path)
    sitting = sit(STEPS[0], "my_app", "--hints", cwd=tmp_path)

    assert "url_for('login')" in sitting.message
    assert "login is a function at line" in sitting.message


def test_other_files_of_the_folder_are_looked_at(tmp_path):
    """A page in a file that is never imported is found there."""
    edits = [["app.py", '@app.get("/")\n', ""], ["pages.py", "", '@app.get("/")\ndef a(): ...\n']]
    make(edits, STEPS[0], tmp_path)
    done = run_pytest(STEPS[0], "--app=my_app", "--hints", "-p", "no:cacheprovider", cwd=tmp_path)

    assert "where  my_app/pages.py, line 1" in done.stdout
    assert "pages.py has a route for / and was not loaded" in done.stdout
