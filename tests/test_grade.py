"""A class is graded: each row is right, no one is harmed, and what is not prevented is said."""

import csv
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import grade
import pytest
from attacks import ATTACKS
from examiner import ROOT, STEPS
from grading import confinement as walls
from grading.confinement import Confinement, confinement
from grading.hearing import Run
from grading.judging import TESTS, Paper, Verdict
from grading.results import Results
from grading.similarity import fingerprint
from grading.submissions import Refused, Submission, app_in, submissions, unpack
from mistakes import table
from test_isolation import listing

SUBMISSIONS = table("submissions.toml")
LAST = STEPS[-1]
CHEAP = [n for n, row in SUBMISSIONS.items() if not row.get("boxed") and row.get("steps") == 1]
TEST_RUN = f"{os.getpid()}"
LINUX = sys.platform == "linux"


def hand_in(folder, row, words=None):
    """Make a submission in a folder; `words` are what placeholders stand for."""
    folder.mkdir()
    if not row.get("nothing"):
        shutil.copytree(LAST / "templates", folder / "templates")
        code = (LAST / "app.py").read_text("utf-8")
        old, new = row.get("edit", ["", ""])
        assert not old or code.count(old) == 1, old
        code = "\n".join([row.get("top", ""), code.replace(old, new) if old else code])
        row = row | {"files": {"app.py": code.lstrip("\n"), **row.get("files", {})}}
    for name, text in row["files"].items():
        for placeholder, meaning in (words or {}).items():
            text = text.replace(placeholder, meaning)
        (folder / name).write_text(text, "utf-8")


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """What a submission must not touch: a folder, a server, and what placeholders stand for."""
    folder = tmp_path_factory.mktemp("of-the-teacher")
    for name in ("marks", "thesis"):
        (folder / name).mkdir()
        (folder / name / "file.txt").write_text("years of work", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        words = {
            "MARKS_FILE": (folder / "marks" / "file.txt").as_posix(),
            "THESIS": (folder / "thesis").as_posix(),
            "SERVER_PORT": str(server.getsockname()[1]),
            "TEST_RUN": TEST_RUN,
        }
        yield folder, server, words


def verdicts_on(names, confined, folder, words):
    """Return {name: (verdict, the results that it is one of)} of these submissions."""
    found = {}
    for name in names:
        hand_in(folder / name, SUBMISSIONS[name], words)
    for steps in (5, 1):
        these = [name for name in names if SUBMISSIONS[name].get("steps", 5) == steps]
        if these:
            proved, paper = grade.prove(confined, TESTS[:steps])
            results = Results(folder).ask(paper)
            class_ = [Submission(name, folder / name) for name in these]
            found |= {one.name: (one, results) for one in grade.grade(class_, proved, paper)}
            assert proved == confined
    return found


@pytest.fixture(scope="module")
def boxed(tmp_path_factory, outside):
    """The verdicts on all submissions with bubblewrap, and what was outside before and after."""
    folder, _, words = outside
    confined = confinement(2)
    if not confined.bubblewrap:
        pytest.skip(" ".join(confined.gaps()))
    before = listing(folder), listing(ROOT / "steps"), listing(ROOT / "tests" / "workbench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OF_THE_TEACHER", "1")
        verdicts = verdicts_on(SUBMISSIONS, confined, tmp_path_factory.mktemp("class"), words)
    after = listing(folder), listing(ROOT / "steps"), listing(ROOT / "tests" / "workbench")
    return verdicts, before, after


@pytest.fixture(scope="module")
def unboxed(tmp_path_factory, outside):
    """The verdicts without bubblewrap on those that do no harm there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OF_THE_TEACHER", "1")
        class_ = tmp_path_factory.mktemp("class")
        return verdicts_on(CHEAP, Confinement("", "", 2), class_, outside[-1])


def check_row(name, verdict, results):
    """Check the row and the feedback of a verdict against what the table of submissions says."""
    row, cells = SUBMISSIONS[name], dict(zip(results.heading(), results.row(verdict), strict=True))
    said = "\n".join([*map(str, cells.values()), *results.feedback(verdict)])
    total = next(cells[column] for column in cells if column.startswith("total"))

    assert cells["status"] == row.get("status", "graded"), said
    assert total == row.get("points", ""), said
    assert [words for words in row.get("says", ()) if words not in said] == [], said
    assert verdict.is_mark or f"no points: {cells['status']}" in said


# Each submission of the table


@pytest.mark.bubblewrap
@pytest.mark.parametrize("name", SUBMISSIONS)
def test_a_row_is_right_with_bubblewrap(name, boxed):
    """Status, points and note say what a submission is, however hostile it is."""
    check_row(name, *boxed[0][name])


@pytest.mark.bubblewrap
def test_nothing_outside_is_touched(boxed, outside):
    """With bubblewrap no file is changed, no server is reached, and no process is left."""
    _, before, after = boxed
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]

    assert after == before
    with pytest.raises(BlockingIOError):
        outside[1].accept()
    assert [one for one in commands if f"left-behind-{TEST_RUN}".encode() in one] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits on memory and files")
@pytest.mark.parametrize("name", CHEAP)
def test_a_row_is_right_without_bubblewrap(name, unboxed):
    """So they do without, where a submission does no harm."""
    check_row(name, *unboxed[name])


# What is unpacked


def zipped(path, files):
    """Write a zip file of {name or ZipInfo: content}."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def link(name):
    """Return what a zip file knows of a symbolic link."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"../app.py": ""}, "leads out of it"),
        ({"my_app/../../app.py": ""}, "leads out of it"),
        ({"/etc/app.py": ""}, "leads out of it"),
        ({"..\\app.py": ""}, "leads out of it"),
        ({"C:\\app.py": ""}, "leads out of it"),
        ({"app.py": "", "bomb": bytes(30_000_000)}, "more than 20 MB"),
        ({f"{n}.txt": "" for n in range(3000)}, "more than 2000 files"),
        ({"app.py": "", "app.py/app.py": ""}, "can't be opened"),
        ({"x" * 300: ""}, "can't be opened"),
        ({"a/" * 40 + "x.txt": ""}, "more than 30 folders in one another"),
        ({f"venv/{number}": "" for number in range(60_001)}, "lists more than 60000 files"),
        ({"my_app/app.py": "", "my_app//app.py": ""}, "two files of it are named app.py"),
    ],
)
def test_a_zip_file_that_is_refused(files, words, tmp_path):
    """A path that leads out, too much, too many: the reason is said, and nothing is outside."""
    path = zipped(tmp_path / "ada.zip", files)

    with pytest.raises(Refused, match=words):
        unpack(path, tmp_path / "unpacked")

    assert {one.name for one in tmp_path.iterdir()} == {"ada.zip", "unpacked"}


@pytest.mark.parametrize("content", [b"", b"no zip file", b"PK\3\4" + bytes(100)])
def test_what_is_no_zip_file(content, tmp_path):
    """A broken zip file is one that can't be opened."""
    (tmp_path / "ada.zip").write_bytes(content)

    with pytest.raises(Refused, match="can't be opened"):
        unpack(tmp_path / "ada.zip", tmp_path / "unpacked")


def test_what_a_zip_file_may_hold(tmp_path):
    """Links, environments, caches and dot-folders are left out, and do not count."""
    files = {"my_app/app.py": "app", "my_app/templates/home.html": "", link("my_app/link"): "/etc"}
    files |= {"v/pyvenv.cfg": "", "v/lib/x.py": bytes(30_000_000), ".git/x": "", "venv/app.py": ""}
    unpack(zipped(tmp_path / "ada.zip", files), tmp_path / "unpacked")

    found = [path.name for path in (tmp_path / "unpacked").rglob("*") if path.is_file()]
    assert sorted(found) == ["app.py", "home.html"]
    assert app_in(tmp_path / "unpacked") == (tmp_path / "unpacked" / "my_app", [])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes with names")
def test_what_a_folder_may_hold(tmp_path):
    """Links and pipes are not followed and not read."""
    ada = tmp_path / "ada"
    hand_in(ada, {"nothing": True, "files": {"app.py": "app"}})
    (ada / "passwd").symlink_to("/etc/passwd")
    (ada / "loop").symlink_to(ada)
    os.mkfifo(ada / "pipe")
    unpack(ada, tmp_path / "unpacked")

    assert [path.name for path in (tmp_path / "unpacked").iterdir()] == ["app.py"]


def test_a_zip_file_in_a_folder(tmp_path):
    """Learning platforms put the one zip file of a student into a folder."""
    (tmp_path / "Ada_123").mkdir()
    zipped(tmp_path / "Ada_123" / "my_app.zip", {"app.py": ""})
    unpack(tmp_path / "Ada_123", tmp_path / "unpacked")

    assert app_in(tmp_path / "unpacked") == (tmp_path / "unpacked", [])


@pytest.mark.parametrize(
    ("files", "app"),
    [
        (["app.py"], "."),
        (["my_app/app.py"], "my_app"),
        (["a/b/app.py"], "a/b"),
        (["app.py", "old/my_app/app.py"], "old/my_app"),
        (["wsgi.py"], "."),
        (["shop/__init__.py", "shop/views/__init__.py"], "shop"),
        (["shop/app/__init__.py"], "shop"),
        (["workbook.py", "steps/01_setup/app.py", "final/app.py", "mine/app.py"], "mine"),
        (["workbook.py", "steps/01_setup/app.py"], None),
        (["main.py"], None),
    ],
)
def test_where_the_app_is(files, app, tmp_path):
    """It is in my_app, or nearest to the top; the workbook's own apps do not count."""
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", "utf-8")

    assert app_in(tmp_path)[0] == (app and tmp_path / app)


def test_an_app_beside_another_one_is_named(tmp_path):
    """Older versions do not win in silence: they are named, or stop the submission."""
    for name in ("my_app", "backup", "project"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").touch()

    assert app_in(tmp_path) == (
        tmp_path / "my_app",
        [tmp_path / "backup", tmp_path / "project"],
    )
    shutil.rmtree(tmp_path / "my_app")
    with pytest.raises(Refused, match="several apps: backup, project; keep one"):
        app_in(tmp_path)


def test_who_has_handed_in(tmp_path):
    """Folders and zip files are submissions; names differ; the rest is named."""
    for name in ("ada", "bob", ".git"):
        (tmp_path / name).mkdir()
    for name in ("ada.zip", "cy.ZIP", "dora.tar.gz", "eve.py", "list.txt"):
        (tmp_path / name).write_text("", "utf-8")
    found, others = submissions(tmp_path)

    assert [one.name for one in found] == ["ada", "ada.zip", "bob", "cy", "dora.tar.gz", "eve.py"]
    assert others == ["list.txt"]


def test_what_is_no_folder_and_no_zip_file_has_a_row(tmp_path):
    """No student vanishes from the table."""
    (tmp_path / "eve.py").touch()
    (tmp_path / "fay").symlink_to(tmp_path)
    for name, words in (("eve.py", "neither a folder nor a zip file"), ("fay", "it is a link")):
        with pytest.raises(Refused, match=words):
            unpack(tmp_path / name, tmp_path / f"unpacked-{name}")


# What is written


CHECKS = {("01_setup", "test_a"): "a works", ("02_model", "test_b"): "b works"}
PAPER = Paper([], CHECKS)
HOSTILE = "\x1b[2J=1+1"


def verdict(name, *outcomes, **more):
    """Return a verdict with these outcomes of the two checks."""
    told = [
        {"step": step, "name": check, "outcome": outcome, "text": f"{words}\n  got    {HOSTILE}"}
        for ((step, check), words), outcome in zip(CHECKS.items(), outcomes, strict=False)
    ]
    return Verdict(name, told=told, **more)


def rows(file):
    """Return the rows of a table."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_table(tmp_path):
    """Points per step and in total, empty where there is no mark; no cell is a formula."""
    results = Results(tmp_path / "out").ask(PAPER)
    results.add(verdict("=cmd", "passed", "failed", fingerprint="x"))
    results.add(verdict("ada", "passed", "passed", fingerprint="x"))
    results.add(verdict("bob", status="out of time", note="-1"))
    results.write()
    evil, ada, bob = rows(tmp_path / "out" / "grades.csv")

    assert [*ada] == [
        *("name", "step 1 of 1", "step 2 of 1", "total of 2"),
        *("status", "note", "first to do", "same code as"),
    ]
    assert [*ada.values()] == ["ada", "1", "1", "2", "graded", "", "", "'=cmd"]
    assert [*bob.values()] == ["bob", "", "", "", "out of time", "'-1", "", ""]
    assert [*evil.values()][:4] == ["'=cmd", "1", "0", "1"]
    assert evil["first to do"] == "step 2: b works"


def test_the_feedback(tmp_path):
    """Each student has a file: points and messages, or why there are no points."""
    results = Results(tmp_path / "out", tmp_path / "elsewhere.csv").ask(PAPER)
    results.add(verdict("ada", "passed", "failed", mended=["SyntaxError in app.py"]))
    results.add(verdict("bob", status="no app", note="there is no app.py"))
    results.write()
    ada, bob = [(tmp_path / f"out/feedback/{n}.txt").read_text("utf-8") for n in ("ada", "bob")]

    assert ada.splitlines()[:5] == ["ada", "", "SyntaxError in app.py", "1 of 2", "1 ok  2 ."]
    assert "step 2: b works" in ada
    assert "There are no points: no app (there is no app.py)." in bob
    assert rows(tmp_path / "elsewhere.csv")


def test_one_student_is_graded_again(tmp_path):
    """The others stay as they were, and those who are gone are forgotten."""
    for name, outcome in (("ada", "failed"), ("bob", "passed")):
        results = Results(tmp_path / "out").ask(PAPER)
        results.add(verdict(name, outcome, outcome))
        results.write()
    results = Results(tmp_path / "out").ask(PAPER)
    results.add(verdict("ada", "passed", "failed"))
    results.keep_only(["ada", "bob"])
    results.write()

    totals = {row["name"]: row["total of 2"] for row in rows(tmp_path / "out" / "grades.csv")}
    assert totals == {"ada": "1", "bob": "2"}


def test_the_summary(tmp_path):
    """It shows how many pass each check, what stops most, and who has no mark."""
    results = Results(tmp_path / "out").ask(PAPER)
    results.add(verdict("ada", "passed", "failed"))
    results.add(verdict("bob", "passed", "passed"))
    results.add(verdict("cy", status="out of time", note="there was no verdict"))

    assert results.summary() == [
        "3 submissions, 2 of them graded",
        "  cy: out of time (there was no verdict)",
        "",
        "passed by, of 2:",
        "    2  ####################  step 1: a works",
        "    1  ##########..........  step 2: b works",
        "",
        "What stops most of them first:",
        "    1  step 2: b works",
    ]


def test_what_is_told_of_attacks(tmp_path):
    """Two columns, the messages for a student, and a line for each attack in the summary."""
    sentences = {("attacks", "key"): "a key opens it", ("attacks", "wire"): "a wire opens it"}
    ada, bob = verdict("ada", "passed", "passed"), verdict("bob", "passed", "failed")
    ada.attacks = [
        {"name": "key", "outcome": "passed", "text": ""},
        {"name": "wire", "outcome": "failed", "text": "a wire opens it\n  got    it is open"},
        {"name": "next", "outcome": "skipped", "text": ""},
    ]
    results = Results(tmp_path / "out").ask(Paper([], CHECKS, attacks=Paper([], sentences)))
    results.add(ada)
    results.add(bob)
    results.write()
    table = rows(tmp_path / "out" / "grades.csv")

    cells = [(row["attacks stopped"], row["attacks tried of 3"]) for row in table]
    assert cells == [("1", "2"), ("", "")]
    assert (tmp_path / "out/feedback/ada.txt").read_text("utf-8").splitlines()[-7:] == [
        "",
        "Attacks: 1 of 2 stopped.",
        "1 more need what the app does not have, or could not be tried.",
        "",
        "wire succeeds:",
        "a wire opens it",
        "  got    it is open",
    ]
    assert "Attacks" not in (tmp_path / "out/feedback/bob.txt").read_text("utf-8")
    assert results.summary()[-3:] == [
        "attacks stopped, of those that could be tried:",
        "   1 of 1  ####################  key: a key opens it",
        "   0 of 1  ....................  wire: a wire opens it",
    ]


TRIED = f"attacks tried of {len(ATTACKS)}"
KILLS_ITSELF_WHEN_ATTACKED = {  # by the long name of one attack
    "edit": [
        "    if not (username.strip()",
        "    import os; len(username) > 1000 and os.kill(os.getpid(), 15)\n"
        "    if not (username.strip()",
    ]
}


def test_a_class_is_attacked(tmp_path):
    """Our step 5 as the lab says; an app that kills itself in a view keeps its mark."""
    (tmp_path / "class").mkdir()
    hand_in(tmp_path / "class" / "ada", {})
    hand_in(tmp_path / "class" / "bob", KILLS_ITSELF_WHEN_ATTACKED)
    shutil.copytree(STEPS[3], tmp_path / "class" / "cy")
    done = command(tmp_path / "class", "--attacks", "--jobs=2")
    ada, bob, cy = rows(tmp_path / "class-graded" / "grades.csv")
    feedback = (tmp_path / "class-graded" / "feedback" / "ada.txt").read_text("utf-8")

    assert done.returncode == 0, done.stderr
    assert [ada["attacks stopped"], ada[TRIED]] == attacked(LAST)
    assert "  where  my_app/app.py, line " in feedback
    assert (bob["total of 37"], bob["status"]) == ("37", "graded")
    assert int(bob[TRIED]) == int(ada[TRIED]) - 1
    assert cy["total of 37"] == "31"
    assert cy["note"].startswith(
        "not attacked, because this fails: /welcome has a button that logs out (got: "
    )
    assert "attacks stopped, of those that could be tried:" in done.stdout


def attacked(app):
    """Return how many attacks an app stops, and of how many, as its learner is told."""
    words = [sys.executable, ROOT / "tests/attack.py", app]
    done = subprocess.run([*map(str, words)], capture_output=True, encoding="utf-8", check=False)
    return [*re.search(r"(\d+) of (\d+) stopped", done.stdout).groups()]


def test_whatever_students_are_called(tmp_path):
    """A name that no disk takes costs no one the table; a student who left loses the file."""
    results = Results(tmp_path / "out").ask(PAPER)
    for name in ("ada", "gone", "x" * 250):
        results.add(verdict(name, "passed", "passed"))
    results.write()
    results.keep_only(["ada", "x" * 250])
    results.write()
    files = sorted(file.name for file in (tmp_path / "out/feedback").iterdir())

    assert files[0] == "ada.txt"
    assert re.fullmatch(r"x{40}-[0-9a-f]{8}\.txt", files[1])
    assert len(files) == 2


def test_what_a_table_of_zeros_says(tmp_path):
    """The reason is in the note, and other apps that were there are named."""
    results = Results(tmp_path / "out").ask(PAPER)
    results.add(verdict("ada", "failed", "failed", app="old", others=["older"]))
    results.write()

    note = rows(tmp_path / "out" / "grades.csv")[0]["note"]
    assert note.startswith("the app is in old; not checked: older; \x1b[2J=1+1")
    assert "Checked: old. Not checked: older." in (tmp_path / "out/feedback/ada.txt").read_text()


def test_text_that_no_file_can_hold(tmp_path):
    """What an app says need not be text; the table and the feedback are written in any case."""
    results = Results(tmp_path / "out").ask(PAPER)
    results.add(verdict("ada", "failed", "failed", note="\ud800"))
    results.verdicts["ada"].told[0]["text"] = "a \ud800 works\n  got    \ud800"
    results.write()

    assert rows(tmp_path / "out" / "grades.csv")[0]["first to do"] == "step 1: a \\ud800 works"


def test_a_table_that_is_open_elsewhere(tmp_path, monkeypatch):
    """Where the table can't be written, it goes beside it."""
    results = Results(tmp_path / "out").ask(PAPER)
    results.add(verdict("ada", "passed"))
    write = results.write_table
    failing = iter([PermissionError()])
    monkeypatch.setattr(results, "write_table", lambda: raised(failing) or write())
    results.table = tmp_path / "out" / "grades.csv"
    results.write()

    assert results.table == tmp_path / "out" / "grades-old-1.csv"
    assert rows(results.table)[0]["name"] == "ada"


def raised(errors):
    """Raise the next error, if there is one."""
    for error in errors:
        raise error


def test_results_that_cannot_be_read(tmp_path):
    """A sentence says what to do."""
    (tmp_path / "results.json").write_text("[{", "utf-8")

    with pytest.raises(SystemExit, match="Move it away"):
        Results(tmp_path)


# Similarity


def code(folder, *files):
    """Make a folder with these Python files and return their fingerprint."""
    folder.mkdir()
    for number, text in enumerate(files):
        (folder / f"{number}.py").write_text(text, "utf-8")
    return fingerprint(folder)


def test_code_is_the_same_but_for_names_and_layout(tmp_path):
    """Names, comments, docstrings, quotes and blank lines do not matter; statements do."""
    ours = (LAST / "app.py").read_text("utf-8")
    without = ours.replace('    """Greet every visitor."""\n', "")
    changed = ours.replace("flash(str(problem))", 'flash("Try again.")')

    first = code(tmp_path / "a", ours)
    assert first == code(tmp_path / "b", without) != ""
    assert code(tmp_path / "c", ours.replace("user", "person")) != first  # words of pages change
    assert code(tmp_path / "g", ours.replace("load_user", "find_person")) == first
    assert code(tmp_path / "h", ours.replace("\n\n", "\n\n\n").replace("# does", "# DOES")) == first
    assert code(tmp_path / "d", changed) != first
    assert code(tmp_path / "e", "x = 1\n") == ""
    assert code(tmp_path / "f", "def (") == ""


# The command


def command(*words, **more):
    """Run grade as a teacher does and return the finished process."""
    words = [sys.executable, ROOT / "tests/grade.py", *words, "--unprotected"]
    return subprocess.run(
        [*map(str, words)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        **more,
    )


def test_a_class_is_graded(tmp_path):
    """One command: a table, feedback, a summary; no other file changes."""
    (tmp_path / "class").mkdir()
    for name in ("ada", "bob"):
        hand_in(tmp_path / "class" / name, {})
    zipped(tmp_path / "class" / "cy.zip", {"../app.py": ""})
    failures = ROOT / ".pytest_cache/v/workbook/failures"
    known = failures.read_bytes() if failures.is_file() else None
    before = listing(tmp_path / "class")
    done = command(tmp_path / "class", "--jobs=2")
    table = rows(tmp_path / "class-graded" / "grades.csv")

    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in table] == ["graded", "graded", "not opened"]
    assert [row["same code as"] for row in table] == ["our step 5, bob", "our step 5, ada", ""]
    assert "3 submissions, 2 of them graded" in done.stdout
    assert listing(tmp_path / "class") == before
    assert {one.name for one in tmp_path.iterdir()} == {"class", "class-graded"}
    assert (failures.read_bytes() if failures.is_file() else None) == known
    assert len(json.loads((tmp_path / "class-graded/results.json").read_text("utf-8"))) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "there is no folder nowhere"),
        (["steps/01_setup"], "is one app"),
        ([".github", "--jobs=0"], "takes a number from 1"),
        ([".github/workflows"], "holds no folder and no zip file"),
        ([".github", "eve"], "no submission eve. There are: workflows"),
        ([".github", "--csv", "nowhere/x.csv"], "there is no folder nowhere for the table"),
        ([".github", "--csv", "steps"], "the results can't be written: [Errno 21]"),
        ([".github", "--attack-all"], "unrecognized arguments: --attack-all"),
    ],
)
def test_what_is_not_understood(words, said):
    """A sentence says what is wrong, and nothing is graded."""
    done = command(*words)

    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def test_a_reader_that_has_seen_enough():
    """What is printed may go to head: the program ends without a traceback."""
    words = [sys.executable, ROOT / "tests/attack.py", STEPS[-1], "no-such-attack"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (1, b"")


def test_what_is_not_prevented_is_said_first(capsys, tmp_path, monkeypatch):
    """Without bubblewrap, or where it does not work, grade says so, and offers a container."""
    monkeypatch.setattr(walls.sys, "platform", "linux")
    for trouble, words in (("", "is not installed"), ("no uid map", "does not work here: no uid")):
        grade.tell(Confinement("", trouble, 2), 30, Paper([]), tmp_path)
        said = capsys.readouterr().out

        assert words in said
        assert "can use the network, read what you can read" in said
        assert "docker run --rm --network none" in said


@pytest.mark.parametrize(("typed", "agreed"), [("y", True), ("", False), ("n", False)])
def test_a_person_allows_what_is_not_prevented(typed, agreed, monkeypatch, capsys):
    """With a terminal grade asks; without one it needs the option; with bubblewrap neither."""
    monkeypatch.setattr("builtins.input", lambda question: typed)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert grade.is_agreed(Confinement("", "", 1), False) is agreed
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert grade.is_agreed(Confinement("", "", 1), False) is False
    assert "add --unprotected" in capsys.readouterr().out
    assert grade.is_agreed(Confinement("", "", 1), True)
    assert grade.is_agreed(Confinement("bwrap", "", 1), False)


@pytest.mark.skipif(not LINUX, reason="bubblewrap is for Linux")
def test_a_bubblewrap_that_does_not_work(tmp_path, monkeypatch):
    """It is tried before it is relied on."""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    confined = confinement(1)

    assert confined.bubblewrap == ""
    assert "does not work here: bwrap: setting up uid map" in confined.gaps()[0]


def test_nothing_is_graded_where_our_own_step_fails(monkeypatch):
    """Before a mark is given, our own step 5 gets full marks in the same way."""
    empty = Paper(["tests/grading/canary.py"])

    with pytest.raises(SystemExit, match="Nothing is graded, because our own step 5 fails"):
        grade.prove(Confinement("", "", 1), [*empty.tests, "steps/nowhere.py"])


def test_a_submission_without_a_report_is_run_again_alone(tmp_path, monkeypatch):
    """The second report counts; where there is none again, the note says so."""
    to_come = {"ada": [grade.NO_REPORT, "graded"], "bob": [grade.NO_REPORT] * 2, "cy": ["graded"]}
    ran = []

    def judge(one, confined, paper):
        ran.append((one.name, confined.jobs))
        return verdict(one.name, "passed", "passed", status=to_come[one.name].pop(0), note="Quiet.")

    monkeypatch.setattr(grade, "judge", judge)
    results = Results(tmp_path / "out").ask(PAPER)
    results.prepare()
    grade.grade_all(
        [Submission(n, Path(n)) for n in to_come], Confinement("", "", 2), PAPER, results
    )

    assert sorted(ran) == [("ada", 1), ("ada", 2), ("bob", 1), ("bob", 2), ("cy", 2)]
    assert [(row["status"], row["note"]) for row in rows(tmp_path / "out" / "grades.csv")] == [
        ("graded", "Quiet."),
        ("no report", "Quiet. It was run twice, the second time alone."),
        ("graded", "Quiet."),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_an_interruption_ends_everything(tmp_path):
    """Ctrl-C ends what runs, and writes down what there is."""
    (tmp_path / "class").mkdir()
    for number in range(3):
        sleep = f"import time  # asleep-{TEST_RUN}\ntime.sleep(9)"
        hand_in(tmp_path / "class" / f"s{number}", {"top": sleep})
    words = [sys.executable, "tests/grade.py", str(tmp_path / "class"), "--jobs=1", "--unprotected"]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8")
    while "To grade" not in process.stdout.readline():
        pass
    time.sleep(2)
    process.terminate()
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 130
    assert re.search(r"Interrupted: [01] of 3 are graded", said)
    assert (tmp_path / "class-graded" / "grades.csv").is_file()


def told(*lines):
    """Return a Run that has heard these lines, each with the right seal unless it has one."""
    run = Run("seal")
    for line in lines:
        run.hear(line if isinstance(line, str) else json.dumps({"seal": "seal"} | line))
    return run


def test_what_is_believed():
    """Lines with the seal, about the check that has begun; a traceback is told in one line."""
    begun = {"begun": ["01_setup", "test_a"], "sentence": "a works"}
    seen = {"step": "01_setup", "name": "test_a", "outcome": "passed"}
    broken = seen | {"outcome": "failed", "text": "def f():\n\nE  KeyError\n\n"}

    assert not told(begun, seen).forged
    assert not told(begun, seen, broken).forged  # it broke when it was cleaned up
    assert told(begun, broken).told["01_setup", "test_a"]["text"] == (
        "a works\n  got    the check broke off: E  KeyError"
    )
    for lines in (
        [seen],
        [begun, seen, seen],
        [begun, seen | {"outcome": "brilliant"}],
        [begun, seen | {"seal": "guessed"}],
        ["no JSON"],
        ["[" * 100_000],
        ["{}"],
    ):
        assert told(*lines).forged, lines
    assert told(begun).stopped_at() == ("01_setup", "test_a")
    assert told(begun, seen).stopped_at() is None
