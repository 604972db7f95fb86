"""Odd cases: whatever is in a learner's folder, a run shows at most one message about it."""

import re
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from examiner import STEPS, run_pytest, sit

STEP = STEPS[0]
APP = (STEP / "app.py").read_text("utf-8")
PAGES = {path: (STEPS[3] / path).read_text("utf-8") for path in ("app.py", "templates/base.html")}
HOME = 'return "The app is running."'
URI = "sqlite:///site.db"
SETTING = r"""app.py:app.config\["SQLALCHEMY_DATABASE_URI"\].*"""
HOSTILE = "import pathlib\n\npathlib.Path(__file__).with_name('RUN').touch()\nraise RuntimeError\n"
OTHER_PYTEST = {
    "app.py": APP,
    "conftest.py": HOSTILE,
    "pytest.ini": "[pytest]\naddopts = --nope\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--nope'\n",
}
TOO_BIG = 21_000_000  # bytes
INSTEAD = {  # files that are there in the place of app.py, and what the hint says of them
    "App.py": "Capital letters matter",
    "main.py": "--app=my_app/main.py",
    "application.py": "--app=my_app/application.py",
    "app.py.txt": "has added .txt",
    "app.txt": "meant to be app.py",
    "app(1).py": "meant to be app.py",
    "ap.py": "meant to be app.py",
    "app.py.rtf": "plain text",
    "Untitled.ipynb": "the code of its cells",
}
MODELS = "from app import db\n\n\nclass User(db.Model):\n    id = db.Column(db.Integer)\n"
LOOP = '@app.get("/on/<int:n>")\ndef on(n):\n    return redirect(f"/on/{n + 1}")\n'


@dataclass
class Case:
    """A learner's folder, and the result of the first checkpoint with it."""

    name: str
    files: dict = field(default_factory=dict)  # {path: text, bytes, or a size in bytes}
    got: str = ""  # a pattern of what the message's `got` names; empty: the app passes
    where: str = "app.py"  # the file, and behind a colon the code, that `where` shows
    hint: str = ""  # a word of the hint
    sentence: str = "app.py loads"  # the first line of the message
    app: str = "my_app"  # what is typed behind --app=
    cwd: str = "."


def edited(old, new):
    """Return the files of an app in which one thing is written in another way."""
    assert old in APP
    return {"app.py": APP.replace(old, new)}


def ends_with(code):
    """Return the files of an app with more code below."""
    return {"app.py": f"{APP}\n{code}\n"}


def home(code, more=""):
    """Return the files of an app whose first page does something else."""
    imports = "import time\n\nfrom flask import redirect\n"
    return {"app.py": imports + APP.replace(HOME, code) + more}


WAITING = [
    Case(
        "an endless loop while loading",
        ends_with("while True:\n    pass"),
        "no answer after 10 s",
        r"app.py:(while True:|pass)",
        "come to an end",
    ),
    Case(
        "a page that loops",
        home("while True: pass"),
        "no answer after 10 s",
        "app.py:while True: pass",
        "come to an end",
        "the app answers: GET / shows a page",
    ),
    Case(
        "a page that sleeps",
        home("time.sleep(3600)"),
        "no answer after 10 s",
        r"app.py:time\.sleep\(3600\)",
        "come to an end",
        "the app answers: GET / shows a page",
    ),
]
BROKEN = [
    Case(
        "a file looked for in the current folder",
        {**ends_with("open('words.txt').read()"), "words.txt": "beside app.py"},
        "FileNotFoundError: .*'words.txt'",
        r"app.py:open\('words.txt'\).read\(\)",
        "current folder",
    ),
    Case("no folder", {}, "no folder my_app there yet"),
    Case("no app.py", {"readme.txt": "soon"}, "no app.py there yet"),
    Case("an empty app.py", {"app.py": "\n"}, "app.py is empty", hint="saved"),
    Case("no app in app.py", {"app.py": "pass"}, "no Flask app in app.py", hint="create_app"),
    *[
        Case(
            f"{name} in the place of app.py", {name: APP}, rf"{got}{re.escape(name)}.*", name, hint
        )
        for name, hint in INSTEAD.items()
        for got in ["no app.py there yet, but (one in )?(my_app/)?"]
    ],
    Case(
        "app.py in a folder below",
        {"my_app/app.py": APP, "venv/lib/app.py": APP, "venv/pyvenv.cfg": ""},
        "no app.py there yet, but one in my_app/my_app",
        "my_app/app.py",
        "--app=my_app/my_app",
    ),
    Case(
        "templates only",
        {"templates/home.html": "<h1>Home</h1>"},
        "no app.py there yet, but templates",
        hint="go into app.py",
    ),
    Case(
        "another file only",
        {"models.py": "pass"},
        "no app.py there yet",
        hint="There is: models.py",
    ),
    Case(
        "a syntax error",
        edited("Flask(__name__)", "Flask(__name__"),
        r"SyntaxError: '\(' was never closed",
        r"app.py:app = Flask\(__name__",
    ),
    Case(
        "a wrong indentation",
        edited("db = ", "  db = "),
        "IndentationError: unexpected indent",
        r"app.py:db = SQLAlchemy\(app\)",
        "one column",
    ),
    Case(
        "an exception while loading",
        ends_with("raise RuntimeError('\\nno\\nluck')"),
        "RuntimeError: no",
        r"app.py:raise RuntimeError\('\\nno\\nluck'\)",
    ),
    Case(
        "sys.exit() while loading",
        ends_with("import sys\n\nsys.exit('bye')"),
        "SystemExit: bye",
        r"app.py:sys\.exit\('bye'\)",
        "ends the program",
    ),
    Case(
        "input() while loading",
        ends_with("name = input('Name? ')"),
        "EOFError: EOF when reading a line",
        r"app.py:name = input\('Name\? '\)",
    ),
    Case(
        "an import of a missing package",
        {"app.py": f"import weather_report\n{APP}"},
        "ModuleNotFoundError: No module named 'weather_report'",
        "app.py:import weather_report",
        "is named weather_report",
    ),
    Case(
        "an import of a missing name",
        edited("LoginManager\n", "LoginManger\n"),
        "ImportError: cannot import name 'LoginManger' from 'flask_login'. Did you mean:",
        "app.py:from flask_login import LoginManger",
        "'LoginManager'?",
    ),
    Case(
        "a circular import",
        {"app.py": f"import models\n{APP}", "models.py": MODELS},
        "ImportError: cannot import name 'db' from partially initialized module 'app'.*",
        "models.py:from app import db",
        "import each other",
    ),
    Case(
        "a file that hides bcrypt",
        {"app.py": APP, "bcrypt.py": ""},
        "a file named bcrypt.py, which hides the package bcrypt",
        hint="Can you rename it?",
    ),
    Case(
        "a file that hides bcrypt, seen from inside",
        {"app.py": APP, "bcrypt.py": ""},
        "a file named bcrypt.py, which hides the package bcrypt",
        app=".",
        cwd="my_app",
    ),
    Case(
        "a file that hides flask_login",
        {"app.py": APP, "flask_login.py": ""},
        "a file named flask_login.py, which hides the package flask_login",
    ),
    Case(
        "a folder that hides sqlite3",
        {"app.py": APP, "sqlite3/__init__.py": ""},
        "a folder named sqlite3, which hides the package sqlite3",
    ),
    Case(
        "a page that leads to itself",
        home('return redirect("/")'),
        "/ -> /, again and again",
        r"app.py:def home\(\):",
        sentence="the app answers: GET / shows a page",
        hint="on to itself",
    ),
    Case(
        "a page that leads to ever new ones",
        home('return redirect("/on/1")', LOOP),
        "more than 5 redirects, the last one to /on/6",
        r"app.py:def home\(\):",
        sentence="the app answers: GET / shows a page",
    ),
    Case(
        "a page that asks at the keyboard",
        home("return input()"),
        "500 EOFError: EOF when reading a line",
        r"app.py:return input\(\)",
        sentence="the app answers: GET / shows a page",
    ),
    Case(
        "a file in Latin-1",
        {"app.py": f"{APP}\nNAME = 'Jörg'\n".encode("latin-1")},
        "SyntaxError: .*'utf-8' codec can't decode byte 0xf6.*",
        r"app.py:NAME = 'J\\xf6rg'",
        "encoding",
    ),
    Case(
        "a file in UTF-16",
        {"app.py": APP.encode("utf-16")},
        "SyntaxError: .*(null bytes|'utf-8' codec).*",
        hint="encoding",
    ),
    Case(
        "a template in Latin-1",
        {**PAGES, "templates/home.html": b"Gr\xfc\xdfe"},
        "500 UnicodeDecodeError: 'utf-8' codec.*",
        r'app.py:return render_template\("home.html"\)',
        "encoding",
        sentence="the app answers: GET / shows a page",
    ),
    Case(
        "a folder above 20 MB",
        {"app.py": APP, "data/film.mp4": TOO_BIG},
        "more than 20 MB of files in my_app",
        hint="folder of its own",
    ),
    Case(
        "another file, which is not there",
        {"app.py": APP},
        "no server.py there yet, but app.py, which makes a Flask app",
        "app.py",
        "Is it --app=my_app/app.py?",
        sentence="server.py loads",
        app="my_app/server.py",
    ),
    Case(
        "an address that lacks its colon",
        edited(URI, "sqlite//site.db"),
        "ArgumentError: Could not parse SQLAlchemy URL.*",
        SETTING,
    ),
    Case(
        "an address that lacks a slash",
        edited(URI, "sqlite://site.db"),
        "ArgumentError: Invalid SQLite URL: sqlite://site.db",
        SETTING,
    ),
    Case(
        "an address that needs a driver",
        edited(URI, "mysql://ada:secret@localhost/site"),
        "ModuleNotFoundError: No module named 'MySQLdb'",
        SETTING,
    ),
    Case(
        "an address as Heroku once wrote it",
        edited(URI, "postgres://ada:secret@localhost/site"),
        "NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgres",
        SETTING,
    ),
    Case(
        "a crash in a path with a space and an umlaut",
        ends_with("1 / 0"),
        "ZeroDivisionError: division by zero",
        "app.py:1 / 0",
        app="mein Übungsordner",
    ),
]
FINE = [
    Case("app.run() while loading", ends_with("app.run(debug=True)")),
    Case("a file in UTF-8 with a mark", {"app.py": APP.encode("utf-8-sig")}),
    Case("a path with a space and an umlaut", {"app.py": APP}, app="mein Übungsordner"),
    Case("a file in the place of a folder", {"server.py": APP}, app="my_app/server.py"),
    Case(
        "a package",
        {"__init__.py": f"{APP}\nfrom . import views\n", "views.py": "", "email.py": ""},
    ),
    Case(
        "names that hide nothing",
        ends_with("import config, models, tests.data, words")
        | dict.fromkeys(["config.py", "models.py", "test.py", "tests/__init__.py"], "")
        | {"tests/data.py": "", "conftest.py": HOSTILE, "words.py": "open(__file__).read()"}
        | {"words.txt": "read from the current folder"},
    ),
    Case(
        "what an app runs without",
        {"app.py": APP, "venv/lib": TOO_BIG, "my_env/pyvenv.cfg": "", "my_env/lib": TOO_BIG}
        | {"node_modules/lib": TOO_BIG, ".git/pack": TOO_BIG, "site.db": TOO_BIG},
    ),
    Case(
        "settings for another pytest",
        OTHER_PYTEST,
        app=".",
        cwd="my_app",
    ),
    Case("settings for another pytest, seen from outside", OTHER_PYTEST),
]
CASES = [*WAITING, *BROKEN, *FINE]


def make(case, base):
    """Write the files of a case below `base`, and return the folder to start from."""
    folder = base / ("my_app" if case.cwd != "." else case.app.partition("/")[0])
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, int):
            with path.open("wb") as file:
                file.truncate(content)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return base / case.cwd


@pytest.fixture(scope="module")
def sittings(tmp_path_factory):
    """The result of each case, with hints: {name: future}."""
    with ThreadPoolExecutor(len(WAITING)) as patient, ThreadPoolExecutor(2) as pool:
        yield {
            case.name: (patient if case in WAITING else pool).submit(
                sit, STEP, case.app, "--hints", cwd=make(case, tmp_path_factory.mktemp("case"))
            )
            for case in CASES
        }


def by_name(case):
    """Name a case of a test."""
    return case.name


@pytest.mark.parametrize("case", FINE, ids=by_name)
def test_an_unusual_folder_passes(case, sittings):
    """A harmless oddity fails no check."""
    sitting = sittings[case.name].result()

    assert sitting.code == 0, sitting.output
    assert sitting.of("passed") == list(sitting.outcomes)


@pytest.mark.parametrize("case", [*WAITING, *BROKEN], ids=by_name)
def test_one_mistake_makes_one_message(case, sittings):
    """One check fails, and says what was seen and on which line; the others wait for it."""
    sitting = sittings[case.name].result()
    first, *rows = sitting.message.splitlines()
    row = {line[2:8].strip(): line[9:] for line in rows}

    assert (sitting.code, len(sitting.failed)) == (1, 1), sitting.output
    assert not sitting.of("error")
    assert first == case.sentence
    assert re.fullmatch(case.got, row["got"])
    assert place(case).fullmatch(row["where"])
    assert case.hint in sitting.message
    if case.sentence.endswith("loads"):
        assert len(sitting.of("skipped")) == len(sitting.outcomes) - 1
    else:
        assert len(sitting.of("passed")) == len(sitting.outcomes) - 1


def place(case):
    """Return a pattern of the `where` line that belongs to a case."""
    file, _, code = case.where.partition(":")
    folder = "" if case.cwd != "." else case.app.partition("/")[0] + "/"
    text = case.files.get(file, "")
    text = text if isinstance(text, str) else text.decode("latin-1").replace("ö", r"\xf6")
    lines = enumerate(text.splitlines(), 1)
    numbers = "|".join(str(n) for n, line in lines if code and re.fullmatch(code, line.strip()))
    return re.compile(re.escape(folder + file) + (f", line ({numbers}): {code}" if code else ""))


@pytest.mark.parametrize("case", [*WAITING, *BROKEN], ids=by_name)
def test_a_message_is_short_and_plain(case, sittings):
    """A message has at most 8 lines of 100 characters, ours in ASCII, and shows no machinery."""
    sitting = sittings[case.name].result()
    lines = sitting.message.splitlines()
    labels = [line[2:8].strip() for line in lines[1:] if line[2:9].strip()]

    assert len(lines) <= 8
    ours = [line for line in lines if line[2:6] in ("want", "hint", "read")]
    assert all(len(line) <= 100 for line in lines)
    assert all(line.isascii() for line in [lines[0], *ours])
    assert labels in (["want", "got", "where", "read"], ["want", "got", "where", "hint", "read"])
    assert not re.search("Traceback|INTERNALERROR|site-packages|checkpoint-", sitting.output)


def test_a_hostile_conftest_is_not_run(sittings, tmp_path_factory):
    """No file of a learner's is run by pytest itself."""
    for future in sittings.values():
        assert future.result().outcomes
    assert not list(tmp_path_factory.getbasetemp().rglob("RUN"))


# What is shown when


@pytest.fixture
def broken(tmp_path):
    """Two learners' apps that ask for a missing package; start pytest in the folder returned."""
    for name in ("my_app", "your_app"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text(f"import weather_report\n{APP}", "utf-8")
    return tmp_path


def test_tb_brings_the_traceback_back(broken):
    """With --tb=short the ordinary traceback is shown, down to the learner's line."""
    sitting = sit(STEP, "my_app", "--tb=short", cwd=broken)

    assert (sitting.code, len(sitting.failed)) == (1, 1)
    assert "workbench/fixtures.py" in sitting.message
    assert "No module named 'weather_report'" in sitting.message


def test_a_hint_comes_with_the_third_failure(broken):
    """A hint is shown unasked in the third failing run with the same app, not with another."""
    cached = ("-p", "cacheprovider", "-o", f"cache_dir={broken / 'cache'}")
    apps = ("my_app", "my_app", "your_app", "my_app", "your_app")
    sittings = [sit(STEP, app, *cached, cwd=broken) for app in apps]

    assert ["  hint  " in sitting.message for sitting in sittings] == [False] * 3 + [True, False]


def test_a_hint_is_offered_where_there_is_one(broken, tmp_path):
    """The option for hints is named only where it would show more."""
    offer = "For a hint, add --hints."
    (tmp_path / "crash").mkdir()
    (tmp_path / "crash/app.py").write_text(f"{APP}\n1 / 0\n", "utf-8")

    assert offer in sit(STEP, "my_app", cwd=broken).output
    assert offer not in sit(STEP, "my_app", "--hints", cwd=broken).output
    assert offer not in sit(STEP, "crash", cwd=broken).output


def test_junit_shows_the_first_line(broken):
    """The message in a JUnit report is what a person cannot do yet."""
    report = broken / "report.xml"
    run_pytest(STEP, "--app=my_app", f"--junitxml={report}", "-p", "no:cacheprovider", cwd=broken)
    failure = ET.parse(report).find(".//failure")  # noqa: S314 - pytest wrote it a moment ago

    assert failure.get("message") == "app.py loads"
    assert failure.text.startswith("app.py loads\n  want ")
