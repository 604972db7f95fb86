"""Isolation: a checkpoint leaves no trace, neither in a learner's folder nor in its own process."""

import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from examiner import ROOT, STEPS, sit
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
    """What came of each way to sit a checkpoint: {name: (sitting, listing before and after)}."""
    folders = {name: learner(workbook / f"my {name} app", uri) for name, uri in URIS.items()}
    folders["inside"] = learner(workbook / "my_app", more=LOG)
    folders["snapshot"] = workbook / "steps" / LAST.name
    sits = {name: (STEPS, folder) for name, folder in folders.items()}
    sits["inside"] = (Path("..", "steps", LAST.name), ".")
    sits["snapshot"] = ([], None)  # what stands in the current folder

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
