"""workbook.py does what the README says, on a fresh clone in a path with a space and an umlaut."""

import ast
import contextlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from examiner import ROOT
from test_diffs import lines_of_code

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
NO_NETWORK = {
    "PIP_NO_INDEX": "1",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_FIND_LINKS": "",
    "PIP_EXTRA_INDEX_URL": "",
}


def tracked_files():
    """Return the files that belong to the workbook, as a clone would have them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    paths = [Path(name) for name in names.decode().split("\0") if name]
    return [path for path in paths if (ROOT / path).is_file() and path.parts[0] != "my_app"]


NOT_INSTALLED = "The packages are not installed, and pip says why. Are you online?\n"


@pytest.fixture(scope="session")
def clone(tmp_path_factory):
    """A fresh clone of the workbook, with one commit."""
    folder = tmp_path_factory.mktemp("Übung eins") / "work book"
    for name in tracked_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def bare(tmp_path):
    """A workbook without .venv and without git's history, as a ZIP download brings it."""
    folder = tmp_path / "zip"
    ignore = shutil.ignore_patterns("instance", "__pycache__")
    for name in ("steps", "tests/workbench"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copy(ROOT / "workbook.py", folder)
    shutil.copy(ROOT / "requirements.txt", folder)
    return folder


@pytest.fixture(scope="session")
def installed(clone):
    """The clone after its first use, and what that use printed."""
    clone.joinpath("first.txt").write_text(launch(clone, "test", "1").stdout, "utf-8")
    return clone


def launch(folder, *words, cwd=None, **environment):
    """Type python3 workbook.py with these words; return the finished process."""
    return subprocess.run(
        [sys.executable, folder / "workbook.py", *words],
        cwd=cwd or folder,
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
        timeout=300,
        check=False,
    )


def start(folder, *words):
    """Type python3 workbook.py with these words; return the process in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "workbook.py", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )


@pytest.fixture
def launcher(bare):
    """workbook.py of a folder without .venv, imported as a module."""
    spec = importlib.util.spec_from_file_location("launcher_under_test", bare / "workbook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calls(launcher, monkeypatch):
    """The commands that the launcher would run; they are noted, not run."""
    noted = []

    def call(*words):
        noted.append(" ".join(launcher.shown(word) for word in words))
        launcher.ENDED.parent.mkdir(parents=True, exist_ok=True)
        launcher.ENDED.write_text(str(len(noted)), "utf-8")  # as each run of pytest does
        return 0

    monkeypatch.setattr(launcher, "call", call)
    monkeypatch.setattr(launcher, "install", lambda *files: noted.append(list(files)))
    monkeypatch.setattr(launcher, "is_taken", lambda port: False)
    monkeypatch.chdir(launcher.ROOT)
    return noted


# The first use, and the second


def test_the_packages_weigh_what_the_readme_says(installed, launcher):
    """What a step needs is as light as README.md and the launcher say."""
    files = [path for path in (installed / ".venv").rglob("*") if not path.is_symlink()]
    weight = sum(path.stat().st_size for path in files if path.is_file()) / 1_000_000
    said = re.search(r"about (\d+) MB for the app", (ROOT / "README.md").read_text("utf-8"))[1]

    assert launcher.SIZES["."].startswith(f"{said} MB")
    assert 0.6 * int(said) < weight < 1.1 * int(said)


def test_the_first_use_installs_and_says_so(installed):
    """The first use makes .venv, installs what the apps need, and shows pip's progress."""
    printed = (installed / "first.txt").read_text("utf-8")

    assert "Creating the virtual environment .venv." in printed
    assert re.search(r"packages of requirements.txt, once: \d+ MB, a minute\.", printed)
    assert "Successfully installed" in printed
    assert re.search(r"^\+ \.venv\S+ -m pytest steps/01_setup$", printed, re.M)
    assert "7 passed" in printed
    assert not list(installed.glob(".venv/**/site-packages/jupyter*"))


def test_the_second_use_starts_at_once(installed):
    """A later use installs nothing and works from any directory."""
    done = launch(installed, "test", "01", cwd=installed.parent)

    assert done.returncode == 0
    assert done.stdout.startswith("+ .venv")
    assert "nstall" not in done.stdout


def test_a_folder_is_looked_for_where_one_stands_and_in_the_workbook(installed):
    """Inside my_app the name my_app is understood, and so is a folder elsewhere."""
    mine = installed / "my_app"
    shutil.copytree(installed / "steps/01_setup", mine)
    shutil.copytree(installed / "steps/01_setup", installed.parent / "elsewhere")
    inside = launch(installed, "test", "1", "my_app", cwd=mine)
    outside = launch(installed, "test", "1", "elsewhere", cwd=installed.parent)
    shutil.rmtree(mine)

    assert (inside.returncode, outside.returncode) == (0, 0)
    assert "Checked my_app:" in inside.stdout
    assert "elsewhere:" in outside.stdout


def test_what_will_be_fetched_is_said_truly(installed):
    """The size that is printed before an installation is roughly that of the packages."""
    printed = (installed / "first.txt").read_text("utf-8")
    said = int(re.search(r"requirements.txt, once: (\d+) MB", printed)[1])
    site = next((installed / ".venv").rglob("site-packages"))
    packages = [path for path in site.iterdir() if path.name != "pip"]
    files = [file for path in packages for file in [path, *path.rglob("*")] if file.is_file()]
    taken = sum(file.stat().st_size for file in files) / 1e6

    assert said / 1.5 < taken < said * 1.5


def test_a_changed_requirements_file_is_installed(installed):
    """A requirements file that has changed since is installed again."""
    file = installed / "requirements.txt"
    text = file.read_text("utf-8")
    file.write_text(text + "# changed\n", "utf-8")
    done = launch(installed, "test", "1")
    file.write_text(text, "utf-8")

    assert done.returncode == 0
    assert "Installing the packages of requirements.txt" in done.stdout


def test_a_package_of_another_version_is_replaced(installed):
    """Werkzeug 2.3.0, as the article advises, breaks every cookie: the fixed version comes back."""
    (python,) = [*installed.glob(".venv/bin/python"), *installed.glob(".venv/Scripts/python.exe")]
    subprocess.run([python, "-m", "pip", "install", "--quiet", "werkzeug==2.3.0"], check=True)
    done, again = (launch(installed, "test", "5") for _ in range(2))

    assert done.returncode == 0, done.stdout
    assert "Installing the packages of requirements.txt" in done.stdout
    assert "Successfully installed werkzeug-3" in done.stdout
    assert again.stdout.startswith("+ .venv")


def test_a_version_that_does_not_fit_is_one_sentence(bare):
    """Asked for in requirements.txt, it is refused by pip, and the launcher says what to do."""
    file = bare / "requirements.txt"
    file.write_text(file.read_text("utf-8") + "werkzeug==2.3.0\n", "utf-8")
    done = launch(bare, "test", "5")

    assert done.returncode == 2
    assert "Traceback" not in done.stdout
    assert done.stdout.endswith(NOT_INSTALLED)


def test_an_interrupted_beginning_heals(bare):
    """An unfinished .venv is made again, and a missing network is explained in one sentence."""
    (bare / ".venv").mkdir()
    (bare / ".venv/half.txt").write_text("interrupted")
    done = launch(bare, "run", **NO_NETWORK)

    assert done.returncode == 2
    assert not (bare / ".venv/half.txt").exists()
    assert done.stdout.endswith(NOT_INSTALLED)
    assert "Traceback" not in done.stdout
    again = launch(bare, "run", **NO_NETWORK)
    assert "Making" not in again.stdout
    assert "Installing the packages" in again.stdout


# run


@POSIX_ONLY
def test_run_starts_an_app_and_ctrl_c_ends_it(installed):
    """run answers in the browser, and Ctrl-C ends it without a traceback."""
    server = start(installed, "run", "--port", str(a_port()))
    try:
        beginning = iter(server.stdout.readline, "")
        address = next(filter(None, (re.search(r"Open (\S+) in", line) for line in beginning)))[1]
        page = visit(address)
    finally:
        os.killpg(server.pid, signal.SIGINT)
        output = server.communicate(timeout=30)[0]

    assert 'href="/register"' in page
    assert server.returncode == 0
    assert "Traceback" not in output


@POSIX_ONLY
@pytest.mark.parametrize("words", [["run", "--port", "0"], ["test", "3"]])
def test_ctrl_c_is_quiet_at_every_moment(installed, words):
    """Pressing Ctrl-C while a command still imports its packages shows no traceback."""
    words = [str(a_port()) if word == "0" else word for word in words]
    for moment in range(1, 6):
        typed = start(installed, *words)
        next(line for line in typed.stdout if line.startswith("+ "))
        time.sleep(moment * 0.1)
        os.killpg(typed.pid, signal.SIGINT)

        output = typed.communicate(timeout=30)[0]

        # On a busy machine Python may not have reached the first line of any code.
        assert "Traceback" not in output or "init_import_site" in output


@POSIX_ONLY
def test_nothing_outlives_the_launcher(installed):
    """A launcher that is told to end (SIGTERM) ends the server, too."""
    port = a_port()
    typed = start(installed, "run", "--port", str(port))
    try:
        assert visit(f"http://127.0.0.1:{port}")
        typed.terminate()
        typed.communicate(timeout=30)
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=5)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(typed.pid, signal.SIGKILL)


def a_port():
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def visit(address):
    """Return the page at an address, once a server answers there."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own server
                return answer.read().decode()
        except urllib.error.URLError:
            time.sleep(0.1)
    return ""


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ([], "steps/05_logout/app.py"),
        (["3"], "steps/03_hashing/app.py"),
        (["03_hashing"], "steps/03_hashing/app.py"),
        (["steps/03_hashing/"], "steps/03_hashing/app.py"),
        (["mine"], "mine/app.py"),
        (["mine/server.py"], "mine/server.py"),
        (["a=b"], "a=b/app.py"),
    ],
)
def test_run_finds_the_app(launcher, calls, words, file):
    """run takes a step by any of its names, a folder or a file; without a name the last app."""
    for name in ("mine/app.py", "mine/server.py", "a=b/app.py"):
        path = launcher.ROOT / name
        path.parent.mkdir(exist_ok=True)
        path.touch()

    assert launcher.main(["run", *words]) == 0
    assert calls[0] == ["."]
    assert calls[1].endswith(f"-m flask --app {file} run --debug --port 5000")


def test_run_prefers_the_finished_app(bare, launcher, calls, monkeypatch):
    """Once there is a final/, run starts it, without Werkzeug's console."""
    final = launcher.ROOT / "final"
    final.mkdir()
    (final / "app.py").touch()
    monkeypatch.setattr(launcher, "FINAL", final)
    monkeypatch.setattr(launcher, "CHAPTERS", [*launcher.STEPS, final])

    assert launcher.main(["run"]) == 0
    assert calls[1].endswith("flask --app final/app.py run --debug --port 5000 --no-debugger")


def test_run_without_steps_is_one_sentence(launcher, calls, monkeypatch, capsys):
    """In a damaged copy there is nothing to run, and no traceback."""
    monkeypatch.setattr(launcher, "CHAPTERS", [])

    assert launcher.main(["run"]) == 2
    assert capsys.readouterr().err == "app.py doesn't exist yet. Write it first, then run it.\n"


def test_a_port_in_use_is_left_alone(launcher, calls, monkeypatch, capsys):
    """Where 5000 is taken the app takes another port; one that was asked for is refused."""
    monkeypatch.setattr(launcher, "is_taken", lambda port: port in (5000, 8000))

    assert launcher.main(["run"]) == 0
    assert calls[-1].endswith("--port 5001")
    assert "Port 5000 is in use, so the app uses 5001." in capsys.readouterr().out
    assert launcher.main(["run", "--port", "8000"]) == 2
    assert capsys.readouterr().err.startswith("Port 8000 is in use.")


def test_a_port_is_taken_while_somebody_listens(launcher):
    """A port counts as taken while a program listens on it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert launcher.is_taken(server.getsockname()[1])
    assert not launcher.is_taken(a_port())


@pytest.mark.parametrize("words", [["--port"], ["--port", "x"], ["--port=0"], ["--port", "65536"]])
def test_a_port_is_a_number(launcher, calls, words, capsys):
    """--port without a sensible number is refused with one sentence."""
    assert launcher.main(["run", *words]) == 2
    assert capsys.readouterr().err == "--port takes a number from 1 to 65535.\n"


# test


@pytest.mark.parametrize(
    ("words", "commands"),
    [
        ([], [["."], "steps"]),
        (["all"], [[".", "tests"], "steps", "tests"]),
        (["3"], [["."], "steps/03_hashing"]),
        (["3", "mine"], [["."], "steps/03_hashing --app=mine"]),
        (
            ["--hints", "3", "mine", "-k", "salt"],
            [..., "steps/03_hashing --app=mine -k salt --hints"],
        ),
        (["03", "mine", "-x"], [..., "steps/03_hashing --app=mine -x"]),
        (["mine"], [["."], "steps --app=mine"]),
        (["mine", "3"], [["."], "steps/03_hashing --app=mine"]),
        (["steps"], [["."], "steps"]),
        (["3", "-rs", "-W", "error"], [..., "steps/03_hashing -rs -W error"]),
        (["mine", "--junitxml=r.xml"], [..., "steps --app=mine --junitxml=r.xml"]),
    ],
)
def test_test_runs_what_was_asked_for(launcher, calls, words, commands):
    """test installs and runs what its words name, and passes options on to pytest."""
    (launcher.ROOT / "mine").mkdir()

    assert launcher.main(["test", *words]) == 0
    installing, *running = calls
    assert commands[0] in (installing, ...)
    assert [run.partition("-m pytest ")[2] for run in running] == commands[1:]


def test_test_runs_the_notebooks_where_there_are_any(launcher, calls):
    """With notebooks, test installs Jupyter and runs them with nbval."""
    (launcher.ROOT / "notebooks").mkdir()
    (launcher.ROOT / "notebooks/one.ipynb").touch()

    assert launcher.main(["test"]) == 0
    assert calls[0] == [".", "notebooks"]
    assert calls[2].endswith("-m pytest -p nbval --nbval notebooks")


def test_test_folder_is_one_run(installed):
    """test FOLDER is one run with one ladder, one total, one report, and says what comes first."""
    mine = installed / "my_app"
    shutil.copytree(installed / "steps/03_hashing", mine)
    break_it(mine / "app.py", "unique=True", "unique=bool(print('so far'))")
    done = launch(installed, "test", "my_app", "--junitxml=report.xml")
    every = launch(installed, "test", "my_app", "-v")
    shutil.rmtree(mine)
    lines = done.stdout.splitlines()
    report = (installed / "report.xml").read_text("utf-8")

    assert done.returncode == 1
    assert re.findall("-m pytest (.+)", done.stdout) == ["steps --app=my_app --junitxml=report.xml"]
    assert "my_app: 20 of 37" in lines
    assert "1 ok  2 ######.  3 ok  4 ..........  5 ......" in lines
    assert any(line.startswith("First, step 2: ") for line in lines)
    assert done.stdout.count("  want   ") == 1
    assert "  your app printed\n    so far\n" in done.stdout
    assert "  step 4: GET /register shows a page to a stranger" in lines
    assert report.count("<testcase") == 37
    assert every.stdout.count("  want   ") > 1


@pytest.mark.parametrize(("name", "is_colored"), [("FORCE_COLOR", True), ("NO_COLOR", False)])
def test_colors_are_for_those_who_want_them(installed, name, is_colored):
    """What was wanted is green and what was got is red, where the terminal has colors."""
    done = launch(installed, "test", "4", "steps/03_hashing", **{name: "1"})

    assert ("\x1b[32m  want   200 OK at /register\x1b[0m" in done.stdout) == is_colored
    assert ("\x1b[31m  got    404 NOT FOUND\x1b[0m" in done.stdout) == is_colored
    assert ("\x1b" in done.stdout) == is_colored


def test_all_steps_done_is_an_end(installed):
    """At full marks the summary says what has been learned, and what comes next."""
    mine = installed / "my_app"
    shutil.copytree(installed / "steps/05_logout", mine)
    done = launch(installed, "test", "my_app")
    ours = launch(installed, "test", "3")
    shutil.rmtree(mine)

    assert done.returncode == 0
    assert "my_app: 37 of 37\n1 ok  2 ok  3 ok  4 ok  5 ok\n" in done.stdout
    assert "keeps only salted hashes" in done.stdout
    assert done.stdout.rstrip().endswith("To attack it: python3 workbook.py attack my_app")
    assert "\nNext: final/README.md\n" in done.stdout
    assert "Checked our own step 3, not your app:" in ours.stdout
    assert "To check yours: python3 workbook.py test 3 my_app" in ours.stdout
    assert "Next" not in ours.stdout


def break_it(file, old, new):
    """Replace a text of a file that is there once."""
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("line", "how", "code"),
    [
        ("os.execv(sys.executable, [sys.executable, '-c', 'pass'])", "exit code 0", 1),
        pytest.param("os.kill(os.getpid(), 9)", "signal 9", -9, marks=POSIX_ONLY),
    ],
)
def test_a_run_without_a_report_has_failed(installed, tmp_path, line, how, code):
    """If an app ends the process, nothing counts as passed, and the launcher says so."""
    (tmp_path / "app.py").write_text(f"import os, sys\n{line}\n", "utf-8")
    done = launch(installed, "test", str(tmp_path))

    assert done.returncode == code % 256
    assert f"The run ended without a report ({how}), so nothing was checked." in done.stdout


def test_an_app_that_calls_exit_is_told_of(installed, tmp_path):
    """os._exit() in an app is an error like any other: its line is named, other checks go on."""
    shutil.copytree(ROOT / "steps/01_setup", tmp_path / "mine")
    break_it(tmp_path / "mine/app.py", 'return "The app is running."', "__import__('os')._exit(0)")
    done = launch(installed, "test", "1", str(tmp_path / "mine"))

    assert done.returncode == 1
    assert "os._exit(0) ends Python at once, without a report" in done.stdout
    assert "__import__('os')._exit(0)" in done.stdout
    assert "01_setup    ######.  6/7" in done.stdout


# diff and lab


def test_diff_shows_the_lesson(clone):
    """diff STEP shows what the step adds, from anywhere."""
    done = launch(clone, "diff", "3", cwd=clone.parent)

    assert done.returncode == 0
    assert done.stdout.startswith(
        "+ git diff HEAD:steps/02_model HEAD:steps/03_hashing -- app.py templates\n"
    )
    assert "\n+    def check_password(self, password):\n" in done.stdout
    assert "test_checkpoint" not in done.stdout


def test_diff_works_in_a_zip_download(bare):
    """Without a repository diff compares the files: same lesson, another command."""
    environment = {"GIT_CEILING_DIRECTORIES": str(bare.parent)}
    done = launch(bare, "diff", "4", **environment)

    assert done.returncode == 0
    assert "+ git diff --no-index steps/03_hashing/app.py steps/04_views/app.py" in done.stdout
    assert "+ git diff --no-index /dev/null steps/04_views/templates/login.html" in done.stdout
    assert "\n+def login():\n" in done.stdout


def test_diff_asks_before_it_shows_the_whole_step(bare):
    """While the learner has written nothing yet, the difference shows the whole solution."""
    (bare / "my_app").mkdir()
    asked = launch(bare, "diff", "my_app", "1")

    assert asked.returncode == 0
    assert asked.stdout.startswith("There is no code in my_app yet, so this shows all of 01_")
    assert "Flask(__name__)" not in asked.stdout


def test_diff_leaves_out_what_editors_leave_behind(clone, tmp_path):
    """A copy, a backup and a lock file beside a template do not count as pages of the app."""
    shutil.copytree(ROOT / "steps/04_views", tmp_path / "mine")
    for name in ("welcome.html~", ".welcome.html.swp", "#welcome.html#", "welcome.html.orig"):
        (tmp_path / "mine/templates" / name).write_text("left", "utf-8")
    done = launch(clone, "diff", "4", str(tmp_path / "mine"))

    assert (done.returncode, done.stdout) == (0, "No difference.\n")


def test_diff_begins_with_nothing(clone):
    """diff 1 shows the whole first step."""
    done = launch(clone, "diff", "1")

    assert done.returncode == 0
    assert "\n+app = Flask(__name__)\n" in done.stdout


def test_diff_compares_an_app_with_a_step(clone):
    """diff STEP FOLDER shows the difference and succeeds; equal files are reported as equal."""
    same = launch(clone, "diff", "5", "steps/05_logout")
    other = launch(clone, "diff", "5", "steps/04_views")

    assert (same.returncode, same.stdout) == (0, "No difference.\n")
    assert other.returncode == 0
    assert "\n+@login_required\n" in other.stdout
    assert "+ git diff --no-index steps/04_views/app.py steps/05_logout/app.py\n" in other.stdout


@pytest.mark.parametrize("words", ["1 3", "3 1"])
def test_diff_shows_what_the_later_of_two_steps_adds(bare, words):
    """Between two steps, the difference leads from the earlier one to the later one."""
    done = launch(bare, "diff", *words.split())

    assert "+ git diff --no-index steps/01_setup/app.py steps/03_hashing/app.py\n" in done.stdout


@pytest.fixture
def stored(bare):
    """A learner's folder with two databases, one of them moved aside before."""
    folder = bare / "my_app/instance"
    folder.mkdir(parents=True)
    for name in ("site.db", "site-old-1.db", "notes.txt"):
        (folder / name).write_text(name, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("answer", "code", "names"),
    [
        ("y", 0, ["notes.txt", "site-old-1.db", "site-old-2.db"]),
        ("n", 1, ["notes.txt", "site-old-1.db", "site.db"]),
        ("", 1, ["notes.txt", "site-old-1.db", "site.db"]),
    ],
)
def test_reset_asks_and_moves_aside(launcher, stored, monkeypatch, answer, code, names):
    """The database is renamed, nothing is overwritten, and answering no changes nothing."""
    monkeypatch.chdir(launcher.ROOT)
    monkeypatch.setattr("builtins.input", lambda _question: answer)

    assert launcher.main(["reset", "my_app"]) == code
    assert sorted(path.name for path in stored.iterdir()) == names
    assert (stored / names[-1]).read_text("utf-8") == "site.db"


def test_reset_without_a_terminal_moves_nothing(bare, stored):
    """Without a keyboard to answer from, the answer is no."""
    asked = launch(bare, "reset", "my_app")

    assert asked.returncode == 1
    assert "Move my_app/instance/site.db aside? [y/N]" in asked.stdout
    assert (stored / "site.db").exists()


def test_reset_of_nothing_is_one_sentence(launcher, bare, monkeypatch, capsys):
    """Without a database there is nothing to ask."""
    (bare / "my_app").mkdir()
    monkeypatch.chdir(launcher.ROOT)

    assert launcher.main(["reset", "my_app"]) == 0
    assert capsys.readouterr().out == "There is no database in my_app.\n"


@POSIX_ONLY
def test_run_says_that_a_database_is_older_than_the_model(installed):
    """Before an app starts, its database is read, and one sentence says what differs."""
    folder = installed / "older"
    shutil.copytree(installed / "steps/02_model", folder)
    (folder / "instance").mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(folder / "instance/site.db")) as connection:
        connection.execute("CREATE TABLE user (id INTEGER PRIMARY KEY, password TEXT NOT NULL)")
    typed = start(installed, "run", "older", "--port", str(a_port()))
    try:
        said = "".join(typed.stdout.readline() for _ in range(3))
    finally:
        os.killpg(typed.pid, signal.SIGINT)
        typed.communicate(timeout=30)

    assert "no column password_hash, username and a column password that the model" in said
    assert "To start over: python3 workbook.py reset older" in said


def test_lab_opens_a_copy(launcher, calls):
    """lab installs Jupyter and opens a copy of the lab, in the place of the lab itself."""
    (launcher.ROOT / "notebooks").mkdir()
    (launcher.ROOT / "notebooks/02_two.ipynb").write_text('{"cells": []}', "utf-8")

    assert launcher.main(["lab", "2", "--no-browser"]) == 0
    assert calls[0] == [".", "notebooks"]
    assert "-m jupyter lab " in calls[1]
    assert "/lab/tree/notebooks/my/02_two.ipynb" in calls[1]
    assert (launcher.ROOT / "notebooks/my/02_two.ipynb").is_file()
    assert launcher.main(["lab", "7"]) == 2
    assert len(calls) == 2


@pytest.mark.parametrize("csv", [["--csv", "marks.csv"], ["--csv=marks.csv"]], ids=str)
def test_grade_looks_where_one_stands(launcher, calls, csv, monkeypatch):
    """The folder and the table of grade are where they are typed; other words go on as they are."""
    place = launcher.ROOT / "autumn"
    (place / "class").mkdir(parents=True)
    monkeypatch.chdir(place)

    assert launcher.main(["grade", "class", "ada", *csv, "--jobs", "3"]) == 0
    assert calls[0] == ["."]
    expected = "tests/grade.py autumn/class ada --csv autumn/marks.csv --jobs 3"
    assert calls[1].endswith(expected)


# What can go wrong


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["fly"],
            "There is no command fly. "
            "The commands are: run, watch, test, attack, diff, reset, lab, grade, help.",
        ),
        (["tset"], "There is no command tset. Did you mean test?"),
        (["run", "9"], "There is no step 9. The steps are 01_setup, "),
        (["run", "--prot", "5216"], "There is no option --prot. Did you mean --port?"),
        (["test", "emtpy"], "There is no step and no folder emtpy. Did you mean empty?"),
        (["test", "3", "--hint"], "There is no option --hint. Did you mean --hints?"),
        (["test", "3", "-hints"], "There is no option -hints. Did you mean --hints?"),
        (
            ["test", "03_hasing"],
            "There is no step and no folder 03_hasing. Did you mean 03_hashing?",
        ),
        (["watch", "empty", "3"], "watch takes one folder."),
        (["run", "3", "4"], "run takes one step or one folder."),
        (["run", "empty"], "empty/app.py doesn't exist yet. Write it first, then run it."),
        (["test", "9"], "There is no step 9. The steps are 01_setup, "),
        (
            ["test", "3", "absent"],
            "There is no step and no folder absent. The steps are 01_setup, ",
        ),
        (["test", "empty", "empty"], "test takes a step, a folder, or a step and a folder."),
        (["test", "1", "2", "3"], "test takes a step, a folder, or a step and a folder."),
        (["diff"], "diff takes a step, or a step and a folder."),
        (["diff", "empty"], "empty is not a step. The steps are 01_setup, "),
        (["grade"], "grade takes the folder that holds the submissions, then its options."),
        (["grade", "--jobs", "3"], "grade takes the folder that holds the submissions, then its"),
    ],
    ids=" ".join,
)
def test_a_wrong_word_gets_one_sentence(launcher, calls, words, sentence, capsys):
    """A wrong word is answered with one sentence and exit code 2; nothing is run."""
    (launcher.ROOT / "empty").mkdir()

    assert launcher.main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith(sentence)
    assert error.count("\n") == 1
    assert not any("-m" in call for call in calls)


@pytest.mark.parametrize("words", [[], ["help"], ["-h"], ["--help"]], ids=str)
def test_help_shows_the_verbs(launcher, words, capsys):
    """Without a verb, and when asked, the launcher shows what can be typed."""
    assert launcher.main(words) == 0
    printed = capsys.readouterr().out
    assert all(f"workbook.py {verb}" in printed for verb in ("run", "test", "diff", "lab", "grade"))


def test_no_git_is_one_sentence(launcher, monkeypatch, capsys):
    """Where there is no git, diff says so."""
    monkeypatch.setattr(launcher.shutil, "which", lambda name: None)

    assert launcher.main(["diff", "3"]) == 2
    assert capsys.readouterr().err == "diff needs git, and git is not installed here.\n"


def test_no_venv_module_is_one_sentence(launcher, monkeypatch, capsys):
    """On Debian without python3-venv the message says what to install."""

    def refuse(path, **_options):
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(launcher.venv, "create", refuse)

    assert launcher.main(["run"]) == 2
    assert "sudo apt install python3-venv" in capsys.readouterr().err


def test_a_colon_in_the_path_is_one_sentence(launcher, monkeypatch, capsys):
    """A folder whose name no virtual environment can have is named."""

    def refuse(path, **_options):
        raise ValueError(f"Refusing to create a venv in {path}")

    monkeypatch.setattr(launcher.venv, "create", refuse)

    assert launcher.main(["run"]) == 2
    assert capsys.readouterr().err == f"Refusing to create a venv in {launcher.VENV}\n"


def test_a_read_only_folder_is_one_sentence(launcher, monkeypatch, capsys):
    """A folder that can't be written to is named, with the system's reason."""

    def refuse(path, **_options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(launcher.venv, "create", refuse)

    assert launcher.main(["run"]) == 1
    assert capsys.readouterr().err == f"{launcher.VENV}: Permission denied\n"


@pytest.mark.parametrize(("verb", "code"), [("run", 0), ("test", 130)])
def test_ctrl_c_while_installing_is_a_clean_end(launcher, monkeypatch, verb, code):
    """Ctrl-C ends the launcher without a traceback."""

    def interrupt(*_files):
        raise KeyboardInterrupt

    monkeypatch.setattr(launcher, "install", interrupt)

    assert launcher.main([verb]) == code


def test_a_lost_python_is_replaced(launcher, monkeypatch):
    """.venv counts as whole while its Python is there, and the one that made it."""
    launcher.PYTHON.parent.mkdir(parents=True)
    launcher.PYTHON.touch()
    assert not launcher.is_whole()
    launcher.stamp("python").write_text(launcher.MAKER, "utf-8")
    assert launcher.is_whole()
    for other in ("/gone 3.11", f"{sys.base_prefix} 3.10", sys.base_prefix):
        launcher.stamp("python").write_text(other, "utf-8")
        assert not launcher.is_whole()


def test_what_fails_to_install_is_installed_again(launcher, monkeypatch):
    """After an interrupted installation, the packages are installed again."""
    monkeypatch.setattr(launcher, "is_whole", lambda: True)
    monkeypatch.setattr(launcher, "call", lambda *words: 1)
    launcher.VENV.mkdir()
    launcher.stamp(".").write_text("earlier packages", "utf-8")
    with pytest.raises(launcher.Stop, match="not installed"):
        launcher.install(".")

    assert not launcher.stamp(".").exists()


def test_an_old_python_gets_one_sentence():
    """Python 3.6 can parse the file, and any Python below 3.11 gets one sentence."""
    text = (ROOT / "workbook.py").read_text("utf-8")
    ast.parse(text, feature_version=(3, 6))
    old = "import sys; sys.version_info = (3, 8, 18); sys.argv = ['workbook.py', 'run']; "
    code = old + f"import runpy; runpy.run_path({str(ROOT / 'workbook.py')!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("The workbook needs Python 3.11 or newer; this is ")
    assert done.stderr.count("\n") == 1


def test_the_launcher_is_small():
    """The launcher has at most 290 lines of code."""
    assert len(lines_of_code((ROOT / "workbook.py").read_text("utf-8"))) <= 290
