"""Isolation: a checkpoint changes nothing in a learner's folder, and nothing in its own process."""

import contextlib
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from examiner import ROOT, STEPS, sit
from workbench import second_process
from workbench.browser import Browser
from workbench.loader import cheap_salts, opened
from workbench.people import ADA, PASSWORD

WORKBOOK = ("conftest.py", "pyproject.toml", "steps", "tests/workbench")
FIRST, LAST = STEPS[0], STEPS[-1]
URI = '"sqlite:///site.db"'
URIS = {
    "relative": URI,
    "built from __file__": '"sqlite:///" + __file__.replace("app.py", "site.db")',
    "absolute": '"sqlite:///FOLDER/site.db"',
}
LOG = """
import logging

logging.getLogger("werkzeug").addHandler(logging.FileHandler("access.log"))
open("visits.txt", "a").write("started")
"""


@pytest.fixture(scope="module", autouse=True)
def temporary(tmp_path_factory):
    """The folder for temporary files, ours and those of the runs; bytecode is written as usual."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TMPDIR", "TEMP", "TMP"):
            patch.setenv(name, str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield folder


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    """A copy of what the checkpoints need."""
    folder = tmp_path_factory.mktemp("workbook")
    for name in WORKBOOK:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder


def learner(folder, uri=URI, more=""):
    """Make a learner's folder: step 5, two files that its database must not touch, and more."""
    shutil.copytree(LAST, folder, ignore=shutil.ignore_patterns("test_*", "__pycache__", "*.md"))
    code = (
        (folder / "app.py")
        .read_text("utf-8")
        .replace(URI, uri.replace("FOLDER", folder.as_posix()))
    )
    (folder / "app.py").write_text(code + more, "utf-8")
    (folder / "instance").mkdir(exist_ok=True)
    for name in ("site.db", "instance/site.db"):
        (folder / name).write_bytes(b"what the learner has stored")
    return folder


def listing(folder):
    """Return what a folder holds: {path: (time of the last change, content)}."""
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else "a folder",
        )
        for path in [folder, *folder.rglob("*")]
    }


@pytest.fixture(scope="module")
def runs(workbook):
    """The result of each way to run a checkpoint: {name: (sitting, listing before and after)}."""
    folders = {name: learner(workbook / f"my {name} app", uri) for name, uri in URIS.items()}
    folders["inside"] = learner(workbook / "my_app", more=LOG)
    folders["snapshot"] = workbook / "steps" / LAST.name
    sits = {name: (STEPS, folder) for name, folder in folders.items()}
    sits["inside"] = (Path("..", "steps", LAST.name), ".")
    sits["snapshot"] = ([], None)  # what is in the current folder

    def run(name):
        folder = folders[name]
        before = listing(folder)
        inside = {"cwd": folder} if name in ("inside", "snapshot") else {}
        sitting = sit(*sits[name], **inside)
        return sitting, before, listing(folder)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(folders, pool.map(run, folders), strict=True))


@pytest.mark.parametrize("name", [*URIS, "inside", "snapshot"])
def test_nothing_changes_in_the_folder_of_an_app(name, runs):
    """An app passes, and every file and folder of it stays as it was."""
    sitting, before, after = runs[name]
    if name == "snapshot":  # where pytest keeps the bytecode of the checkpoint itself
        before, after = (
            {
                path: seen
                for path, seen in files.items()
                if path != "." and "__pycache__" not in path
            }
            for files in (before, after)
        )

    assert sitting.code == 0, sitting.output
    assert len(before) >= 2
    assert after == before


def test_no_temporary_folder_stays(runs, temporary):
    """When the runs have ended, what they had written is gone."""
    assert all(sitting.outcomes for sitting, *_ in runs.values())
    assert list(temporary.iterdir()) == []


# In this process


def world():
    """Return what an app could change for everybody in this process."""
    return set(sys.modules), list(sys.path), dict(os.environ), list(sys.argv), Path.cwd()


def test_the_process_is_as_it_was(temporary):
    """After `with opened()` modules, search path, environment, folder and files are as before."""
    with opened(LAST) as copy:
        assert copy.load().value  # libraries that an app is the first to import stay
    before = world()
    with opened(LAST) as copy:
        assert copy.load().value

        assert world() != before
    assert world() == before
    assert list(temporary.iterdir()) == []


def test_the_process_is_as_it_was_after_a_crash(tmp_path):
    """An app that breaks halfway leaves nothing behind either."""
    code = "import os, sys, helper\nos.environ['A'] = sys.path[0] = 'b'\nos.chdir('/')\n1 / 0\n"
    (tmp_path / "app.py").write_text(code)
    (tmp_path / "helper.py").touch()
    before = world()
    with opened(tmp_path) as copy:
        assert isinstance(copy.load().error, ZeroDivisionError)
    assert world() == before


def test_two_apps_after_one_another_never_mix():
    """Step 5 opened after step 1 is step 5, and the other way round."""
    for step, status in [(FIRST, "404"), (LAST, "200"), (FIRST, "404")]:
        with opened(step) as copy:
            assert Browser(copy.load().value).get("/login").status.startswith(status)


def test_an_edited_app_is_loaded_anew(tmp_path):
    """Opened again, an app is what its file says now, bytecode or not."""
    for word in ("one", "two"):
        (tmp_path / "app.py").write_text(f"from flask import Flask\napp = Flask('{word}')\n")
        with opened(tmp_path) as copy:
            assert copy.load().value.name == word


def test_two_apps_are_open_at_the_same_time(tmp_path):
    """Each of two open apps keeps its pages, its users and its bcrypt, loaded in any order."""
    with cheap_salts(), opened(LAST) as one, opened(learner(tmp_path / "my_app")) as two:
        browsers = [Browser(copy.load().value) for copy in (two, one)]
        registered = [register(browser) for browser in browsers]
        again = register(browsers[0])

        assert [page.path for page in registered] == ["/login", "/login"]
        assert again.says("taken")
        assert one.app is not two.app
        assert one.bcrypt() and two.bcrypt() and one.bcrypt() is not two.bcrypt()


def register(browser):
    """Send the register form for ada and return the page that answers."""
    form = browser.get("/register").password_form()
    return browser.submit(form, username=ADA, password=PASSWORD)


# As `run my_app` does it


def made(folder, **files):
    """Write the files of an app, given by their names with _ for /; return its folder."""
    for name, content in files.items():
        path = folder / name.replace("__", ".").replace("_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_the_instance_folder_comes_along_without_its_databases(tmp_path):
    """Settings in instance/ are read as they are; what users have stored stays behind."""
    app = b"from flask import Flask\napp = Flask(__name__)\n"
    made(
        tmp_path,
        app__py=app,
        instance_settings__cfg=b"A = 1",
        instance_users__bin=b"SQLite format 3\0...",
        old__sqlite3=b"...",
    )
    with opened(tmp_path) as copy:
        assert copy.load().value

        names = {path.relative_to(copy.root).as_posix() for path in copy.root.rglob("*.*")}
    assert {"app.py", "instance/settings.cfg"} <= names
    assert not names & {"instance/users.bin", "old.sqlite3"}


def test_the_working_directory_is_neither_the_app_s_nor_ours(tmp_path):
    """An app that looks for its files in the current folder finds them nowhere."""
    code = (
        b"from flask import Flask\nfrom pathlib import Path\napp = Flask('x')\napp.at = Path.cwd()"
    )
    here = Path.cwd()
    with opened(made(tmp_path, app__py=code)) as copy:
        at = copy.load().value.at

        assert at.resolve() not in (copy.root, tmp_path, here)
    assert Path.cwd() == here


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("sqlite:///site.db", "{root}/instance/site.db"),
        ("sqlite:///{root}/site.db", "{root}/site.db"),
        ("sqlite:///{folder}/site.db", "{scratch}/outside"),
        ("postgresql+nothing://ada@localhost/site", ""),
        ("sqlite://", None),
    ],
)
def test_only_an_address_outside_of_the_copy_gets_a_twin(address, kept, tmp_path):
    """A database inside the copy, or in memory, is opened at the address that the app gives."""
    code = (
        "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\napp = Flask(__name__)\n"
        f"address = {address!r}.format(root=__file__[:-7], folder={tmp_path.as_posix()!r})\n"
        "app.config['SQLALCHEMY_DATABASE_URI'] = address\ndb = SQLAlchemy(app)\n"
    )
    with opened(made(tmp_path, app__py=code.encode())) as copy:
        tried = copy.load()
        if kept == "":
            assert "nothing" in str(tried.error)  # a missing driver is reported
        else:
            places = {"root": copy.root.as_posix(), "scratch": copy.scratch.as_posix()}
            opened_as = copy.databases.engines[0].url.database
            assert opened_as is kept or opened_as.startswith(kept.format(**places))


def test_an_address_in_a_folder_that_is_not_there_cannot_be_opened(tmp_path):
    """The twin of a database outside of the copy has a folder only where the real one has."""
    missing = (tmp_path / "nowhere/site.db").as_posix()
    sitting = sit(FIRST, learner(tmp_path / "my_app", uri=f'"sqlite:///{missing}"'))

    assert sitting.code == 1
    assert "unable to open database file" in sitting.message


def test_the_second_start_is_another_process(tmp_path):
    """It has another hash seed, another folder and another day, and the files of the first."""
    for value in ("hash('x')", "__import__('os').getcwd()", "__import__('time').time() // 86400"):
        folder = learner(
            tmp_path / str(abs(hash(value))), more=f"\napp.secret_key = 'key of ' + str({value})\n"
        )
        sitting = sit(FIRST, folder)

        assert sitting.failed == ["test_the_secret_key_stays_the_same"], sitting.output
        assert "a different key at the second start" in sitting.message


def test_an_app_that_ends_the_second_process_is_told_of(tmp_path):
    """The app fails, and the next app of the run gets a new second process."""
    ends = f"import os, time\nif time.time() > {time.time() + 3600}: os._exit(0)"
    sitting = sit(FIRST, learner(tmp_path / "my_app", more=f"\n{ends}\n"))
    again = sit(FIRST, learner(tmp_path / "another"))

    assert (sitting.code, again.code) == (1, 0)
    assert "loads again when it is started a second time" in sitting.message
    assert "the process ended while app.py loads" in sitting.message


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (["steps"], True),
        (["-q", "steps/02_model"], True),
        (["steps/03_hashing/test_checkpoint.py::test_guessing_is_slow"], True),
        ([], True),
        (["steps/04_views", "steps/05_logout"], False),
        (["tests", "final"], False),
    ],
)
def test_the_second_process_begins_where_a_step_asks_it(words, begins, monkeypatch):
    """Tests of pages start no second process, and neither do other tests."""
    begun = []
    monkeypatch.setattr(second_process, "begin", lambda: begun.append(True))
    second_process.begin_for(words, ROOT)

    assert bool(begun) == begins


def test_an_older_database_is_seen_and_left_alone(tmp_path):
    """The summary says which columns differ and how to start over; the file stays as it is."""
    folder = learner(tmp_path / "my_app")
    file = folder / "instance/site.db"
    file.unlink()
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE user (id INTEGER PRIMARY KEY, password TEXT NOT NULL)")
    before = listing(folder)
    sitting = sit(STEPS[1], folder)

    assert sitting.code == 0
    assert "no column password_hash, username and a column password that the" in sitting.output
    assert "To start over: python3 workbook.py reset" in sitting.output
    assert listing(folder) == before
