"""watch shows a verdict on each save, in a terminal and without one, and leaves nothing behind."""

import asyncio
import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from examiner import ROOT, STEPS
from workbench.progress import Progress, body
from workbench.saves import saves, state_of
from workbench.watch import Watch, stop

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals")
MANY = 60  # seconds that a busy machine may take
LADDER = "1 ok  2 ok  3 ok  4 ..........  5 ......"


@pytest.fixture
def my_app(tmp_path):
    """A learner's app that has come as far as step 3."""
    folder = tmp_path / "my_app"
    shutil.copytree(STEPS[2], folder, ignore=shutil.ignore_patterns("instance", "__pycache__"))
    return folder


def save(file, old, new):
    """Save a file with another text, as an editor does that writes beside it and renames."""
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    beside = file.with_name(f".{file.name}.swp")
    beside.write_text(text.replace(old, new), "utf-8")
    beside.replace(file)


# Saves


async def first(iterator):
    """Return whether an iterator yields within a few seconds."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(anext(iterator), 5)
        return True
    return False


def write(path, text):
    """Write a file and the folder that it is in."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")


def rename_over(path):
    """Write a file beside another one and give it that one's name."""
    write(path.with_name("new.tmp"), "# another")
    path.with_name("new.tmp").replace(path)


def replace_folder(folder):
    """Give a folder another name, and its own name to another one."""
    folder.rename(folder.with_name("another"))
    write(folder / "app.py", "# of another folder")


CHANGES = {
    "a file is written": lambda folder: write(folder / "app.py", "# changed, and longer"),
    "a file is renamed over": lambda folder: rename_over(folder / "app.py"),
    "a template is made": lambda folder: write(folder / "templates/home.html", "<p>"),
    "a file is removed": lambda folder: (folder / "app.py").unlink(),
    "the folder is renamed": lambda folder: folder.rename(folder.with_name("another")),
    "the folder is replaced": replace_folder,
}


def test_an_empty_folder_is_not_a_missing_one(tmp_path):
    """If the folder is made after watch was started, only the file is reported as missing."""
    assert state_of(tmp_path / "my_app") is None
    (tmp_path / "my_app").mkdir()

    assert state_of(tmp_path / "my_app") == {}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_save_is_noticed(change, tmp_path):
    """However an editor or a person changes the files, the change is noticed once."""
    folder = tmp_path / "my_app"
    folder.mkdir()
    (folder / "app.py").write_text("# text\n", "utf-8")

    async def look():
        seen = saves(folder)
        beginning = await first(seen)
        waiting = asyncio.create_task(first(seen))
        await asyncio.sleep(0.5)
        change(folder)
        return beginning, await waiting

    assert asyncio.run(look()) == (True, True)


def test_what_is_no_save_is_not_noticed(tmp_path):
    """A database, a cache and an editor's own files do not count as the learner's text."""
    for name in ("instance/site.db", "__pycache__/app.pyc", ".app.py.swp", ".idea/a.py", "x.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "app.py").touch()

    assert [path.name for path in state_of(tmp_path)] == ["app.py"]


def test_a_folder_that_is_not_there_is_waited_for(tmp_path):
    """A folder is noticed as soon as it exists."""

    async def look():
        seen = saves(tmp_path / "my_app")
        await first(seen)
        waiting = asyncio.create_task(first(seen))
        await asyncio.sleep(0.2)
        (tmp_path / "my_app").mkdir()
        (tmp_path / "my_app/app.py").touch()
        return await waiting

    assert asyncio.run(look())


# Runs


async def watched(folder, *doings):
    """Watch a folder; after each verdict do the next of these; return the verdicts' Progress."""
    watch, verdicts = Watch(folder), []
    said = asyncio.Event()

    def redraw():
        if watch.state not in ("checking", "waiting"):
            said.set()

    watch.redraw = redraw
    checking = asyncio.create_task(watch.keep_checking())
    try:
        for do in [*doings, None]:
            await asyncio.wait_for(said.wait(), MANY)
            verdicts.append(watch.progress)
            said.clear()
            if do:
                do()
    finally:
        await stop(checking)
    return watch, verdicts


def test_each_save_has_its_verdict(my_app):
    """The app gets worse and better, vanishes and comes back, and the verdict follows."""
    app = my_app / "app.py"

    def vanish():
        my_app.rename(my_app.with_name("elsewhere"))

    def come_back():
        my_app.with_name("elsewhere").rename(my_app)

    doings = [
        lambda: save(app, "unique=True", "unique=False"),
        lambda: save(app, "unique=False", "unique="),
        lambda: save(app, "unique=", "unique=True"),
        vanish,
        come_back,
    ]
    _, verdicts = asyncio.run(watched(my_app, *doings))

    assert [one.passed() for one in verdicts] == [21, 20, 0, 21, 0, 21]
    assert "SyntaxError" in verdicts[2].failures()[0]["text"]
    assert (
        verdicts[4].trouble
        == f"There is no folder {my_app}. As soon as there is one, it is checked."
    )
    assert verdicts[-1].current() == "04_views"


def test_a_save_during_a_run_starts_over(my_app):
    """There are never two runs at once, and the verdict is that of the last save."""
    app = my_app / "app.py"

    async def hurry():
        watch = Watch(my_app)
        checking = asyncio.create_task(watch.keep_checking())
        try:
            for old, new in [("unique=True", "unique=False"), ("unique=False", "unique=True")] * 2:
                await asyncio.sleep(0.7)
                save(app, old, new)
            for _ in range(MANY * 10):
                await asyncio.sleep(0.1)
                if watch.progress.ended:
                    break
        finally:
            await stop(checking)
        return watch.progress

    assert asyncio.run(hurry()).passed() == 21


def test_a_run_that_is_ended_says_so(my_app):
    """An app that ends the process has no verdict, and the next save is checked as usual."""
    app = my_app / "app.py"
    save(app, "app = Flask(__name__)", "import os; os.kill(os.getpid(), 9)\napp = Flask(__name__)")
    back = [lambda: save(app, "import os; os.kill(os.getpid(), 9)\n", "")]
    _, verdicts = asyncio.run(watched(my_app, *back))

    assert verdicts[0].trouble.startswith("The run ended without a report (signal 9).")
    assert verdicts[1].passed() == 21


def test_an_app_that_talks_a_lot_stops_nothing(my_app):
    """Whatever an app prints, there is a verdict, and another one after the next save."""
    app = my_app / "app.py"
    talk = "unique=bool([print(number, 'x' * 60) for number in range(30000)])"
    save(app, "unique=True", talk)
    _, verdicts = asyncio.run(watched(my_app, lambda: save(app, talk, "unique=True")))

    assert [one.passed() for one in verdicts] == [21, 21]


@POSIX_ONLY
def test_an_app_asks_the_terminal_in_vain(my_app):
    """An app that reads a password from the terminal takes no keys from the screen of watch."""
    app = my_app / "app.py"
    save(app, "app = Flask(__name__)", "open('/dev/tty')\napp = Flask(__name__)")
    with in_a_terminal(my_app) as (typed, pen):
        drawn = read_until(pen, "/dev/tty")
        os.write(pen, b"q")
        code = typed.wait(MANY)

    assert "OSError" in drawn
    assert code == 0


def test_what_an_app_prints_is_shown_with_the_check(my_app):
    """print() in a view is seen below the message of the check during which it ran."""
    save(my_app / "app.py", "unique=True", 'unique=bool(print("so far"))')
    _, (verdict,) = asyncio.run(watched(my_app))

    assert ("", "    so far") in body(verdict)


# The screen


@pytest.fixture
def progress():
    """What a run has told: step 1 is done, step 2 is not, and something waits."""
    one = Progress()
    one.hear({"total": {"01_setup": 1, "02_model": 3}})
    text = "two users are two\n  want   a\n  got    b\n  read   steps/02_model/README.md#the-table"
    one.hear({"step": "01_setup", "name": "x", "outcome": "passed"})
    one.hear({"step": "02_model", "name": "a", "outcome": "failed", "text": text, "hint": "Why?"})
    one.hear({"step": "02_model", "name": "b", "outcome": "failed", "text": text})
    one.hear({"step": "02_model", "name": "c", "outcome": "skipped"})
    one.hear({"ended": 1})
    return one


def test_the_first_thing_to_do_is_on_the_screen(progress):
    """It shows the first message in full, the others in a line each, and a hint on request."""
    lines = [line for _, line in body(progress)]

    assert progress.ladder() == "1 ok  2 ..."
    assert progress.score() == "1 of 4"
    assert lines[0] == "step 2: two users are two"
    assert lines.count("  want   a") == 1
    assert lines[-2:] == ["then step 2: two users are two", "1 check waits until these are done"]
    assert "  hint   Why?" not in lines
    assert ("hint", "  hint   Why?") in body(progress, hints=True)
    assert [line for _, line in body(progress, everything=True)].count("  want   a") == 2
    assert body(progress, "01_setup") == [("good", "Step 1 is done.")]


def test_keys_change_what_is_shown(my_app, progress):
    """n and p move between the steps, d and l show a difference and a lesson, and go away again."""
    watch = Watch(my_app)
    watch.progress = progress

    def press(key):
        asyncio.run(watch.press(key))
        return [line for _, line in watch.rows()]

    assert watch.step() == "02_model"
    press("n")
    assert watch.step() == "03_hashing"
    assert "No difference." in press("d")
    assert press("d") != press("l")
    assert "# Step 3: Hash the password" in [line for _, line in watch.rows()]
    press("p")
    watch.chosen = None
    press("l")
    press("l")
    assert watch.rows()[watch.scrolled][1].lstrip("# ") == "The table"
    press("l")
    assert "step 2: two users are two" in press("a")
    press("n")
    assert watch.chosen
    press("first")
    assert (watch.chosen, watch.view) == (None, "")


@contextlib.contextmanager
def in_a_terminal(folder):
    """Type python tests/watch.py with this folder in a terminal; yield its process and its pen."""
    import pty

    ours, theirs = pty.openpty()
    typed = subprocess.Popen(
        [sys.executable, ROOT / "tests/watch.py", folder],
        env=os.environ | {"TERM": "xterm", "LINES": "24", "COLUMNS": "80"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield typed, ours
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(typed.pid, signal.SIGKILL)
        typed.wait()
        os.close(ours)


def read_until(pen, words, patience=MANY):
    """Read what is drawn until the words are there, for some seconds; return it."""
    drawn, end = b"", time.monotonic() + patience
    while words.encode() not in drawn and time.monotonic() < end:
        if select.select([pen], [], [], 1)[0]:
            try:
                drawn += os.read(pen, 65536)
            except OSError:  # the terminal is closed
                break
    return drawn.decode("utf-8", "replace")


@POSIX_ONLY
@pytest.mark.parametrize("ending", ["q", "\x03", signal.SIGTERM, signal.SIGHUP], ids=str)
def test_a_terminal_shows_the_verdict_and_nothing_is_left_behind(my_app, ending):
    """q, Ctrl-C, SIGTERM and a closed terminal end it, without a traceback or another process."""
    with in_a_terminal(my_app) as (typed, pen):
        drawn = read_until(pen, LADDER)
        if isinstance(ending, str):
            os.write(pen, ending.encode())
        else:
            typed.send_signal(ending)
        drawn += read_until(pen, "never drawn")
        code = typed.wait(MANY)

    assert LADDER in drawn
    assert "h hint" in drawn
    assert code == 0
    assert "Traceback" not in drawn
    assert not in_group(typed.pid)


def in_group(group):
    """Return the processes of a group that are still there, after a moment to end."""
    left = []
    for _ in range(50):
        done = subprocess.run(
            ["ps", "-o", "pid=", "-g", str(group)], capture_output=True, text=True, check=False
        )
        left = done.stdout.split()
        if not left:
            break
        time.sleep(0.1)
    return left


def test_without_a_terminal_there_is_a_block_for_each_verdict(my_app):
    """The ladder, the total and the first message are printed after each save."""
    typed = subprocess.Popen(
        [sys.executable, ROOT / "tests/watch.py", my_app],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        before = next(line for line in typed.stdout if " of 37" in line)
        save(my_app / "app.py", "unique=True", "unique=False")
        after = next(line for line in typed.stdout if " of 37" in line)
    finally:
        typed.terminate()
        typed.communicate(timeout=MANY)

    assert "21 of 37" in before
    assert "20 of 37" in after
    assert typed.returncode == 0 or sys.platform == "win32"


def test_the_script_is_what_the_launcher_starts():
    """workbook.py watch starts tests/watch.py."""
    assert 'ROOT / "tests/watch.py"' in Path(ROOT / "workbook.py").read_text("utf-8")
