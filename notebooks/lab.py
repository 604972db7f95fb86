"""What the notebooks share: apps loaded from copies, a stopwatch, and checks.

    site = load_step("05_logout")                        an app, its database and its visitors
    site = load_step("05_logout", ("old text", "new"))   the same with a line of app.py changed
    best_of(function)                                    seconds of CPU time that a call takes
    outcome(page)                                        what a visitor sees, in a few words
    host("//a.example")                                  where a browser goes with an address
    check("name", answer)                                [ ] not answered, [x] and why, [v]

An app is loaded from a copy in a temporary folder: no experiment changes a file of the workbook.
Whatever goes wrong in a cell is shown as one sentence and the line of the cell.
"""

import atexit
import linecache
import os
import sys
import time
import traceback
from contextlib import ExitStack
from pathlib import Path

from IPython import get_ipython

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests")]

import ada_url  # noqa: E402
import exercises  # noqa: E402
from drafts import ALL_PAGES, EXERCISE, FIRST, Draft  # noqa: E402, F401
from workbench.loader import opened  # noqa: E402
from workbench.people import ANOTHER_PASSWORD, PASSWORD  # noqa: E402, F401
from workbench.site import Site  # noqa: E402

FINE_CLOCK = time.get_clock_info("process_time").resolution < 0.001  # 16 ms on Windows
clock = time.process_time if FINE_CLOCK else time.perf_counter
# An edit of final/, for experiments that log in more often than its limits allow.
UNLIMITED = ("views.py", "Limiter(address)", "Limiter(address, enabled=False)")
copies = ExitStack()
atexit.register(copies.close)

MEANINGS = {  # a part of an error's message, and what it says to a beginner
    "Invalid salt": "bcrypt takes a work factor of 04 to 31, and then 22 letters of salt",
    "Invalid rounds": "a work factor is a whole number from 4 to 31",
    "cannot be converted to 'PyBytes'": "bcrypt takes bytes; .encode() makes bytes of a text",
    "'bytes' object has no attribute 'encode'": "this is bytes already, and a text is asked for",
    "'NoneType' object": "a value is None here: what should have made it found nothing",
    "is not defined": "has its cell been run? Run > Run All Above Selected Cell runs them all",
    "to unpack": "there are more or fewer values than names for them",
}


def load_step(name, *edits, cost=None):
    """Return the Site of a step ("05_logout") or of "final", loaded from a copy of its own.

    An edit is (old text, new text) in app.py, or (file, old text, new text); raises ValueError
    unless the file has the old text once. `cost` is the work factor, 12 unless given.
    """
    where_we_are, input_of_notebook = Path.cwd(), sys.stdin
    folder = ROOT / name if name == "final" else ROOT / "steps" / name
    if not (folder / "app.py").is_file():
        known = [path.parent.name for path in sorted(ROOT.glob("steps/*/app.py"))]
        raise ValueError(f"There is no step {name}. The steps are {', '.join(known)}, final.")
    if cost is not None and cost not in range(4, 32):
        raise ValueError(f"A work factor is a whole number from 4 to 31, and cost is {cost!r}.")
    copy = copies.enter_context(opened(folder))
    for edit in edits:
        file, old, new = edit if len(edit) == 3 else ("app.py", *edit)
        found = (folder / file).read_text("utf-8").count(old)
        if found != 1:
            often = f"is in {file} once, not {found} times: {old}"
            raise ValueError(f"An edit replaces a text that {often}")
        copy.edit(file, old, new)
    os.environ["BCRYPT_LOG_ROUNDS"] = str(cost or 12)  # final/ reads it
    site = Site(copy)
    site.app.config["SERVER_NAME"] = None  # a test client keeps its cookies for localhost
    site.app.logger.disabled = True  # its lines hold times and paths
    if cost:
        site.bcrypt._log_rounds = cost
    os.chdir(where_we_are)
    sys.stdin = input_of_notebook
    return site


def outcome(page):
    """Say what a visitor sees: the greeting, or the status and the address."""
    greeting = [line for line in page.lines if line.startswith("Hello")]
    return greeting[0] if greeting else f"{page.status[:3]} at {page.path}"


def host(address):
    """Return the host that a browser goes to from a page of localhost, or say what it does."""
    try:
        return ada_url.URL(address, base="http://localhost/login").host or f"no host: {address}"
    except ValueError:
        return "nowhere: a browser refuses this address"


def best_of(function, times=3):
    """Return how long a call takes, in seconds of CPU time: the shortest of several calls."""
    return max(min(stopped(function) for _ in range(times)), 1e-9)


def stopped(function):
    """Return the seconds of CPU time that one call takes."""
    start = clock()
    function()
    return clock() - start


def check(name, answer):
    """Say whether the answer to an exercise is right, or why not; never raises."""
    if answer is None:
        print(f"[ ] {name}: put your answer in the place of None, and run the cell")
        return
    why = exercises.reason(name, answer)
    print(f"[x] {name}: {why}" if why else f"[v] {name}")


def in_one_sentence(shell, kind, error, trace, tb_offset=None):
    """Show an error in a cell as its message, what it means, and the lines that led to it."""
    said = [f"{kind.__name__}: {str(error) or 'it has no message'}"]
    said += [f"  that is: {means}" for part, means in MEANINGS.items() if part in said[0]][:1]
    frames = [frame for frame in traceback.extract_tb(trace) if "ipykernel" in frame.filename]
    for number, frame in enumerate(frames[:1] + frames[1:][-1:]):
        line = linecache.getline(frame.filename, frame.lineno).strip()
        cell = "the cell" if frame.filename == frames[0].filename else "an earlier cell"
        said += [f"  {'and there ' if number else ''}in line {frame.lineno} of {cell}: {line}"]
    shell._showtraceback(kind, error, said)


if get_ipython():
    get_ipython().set_custom_exc((Exception, KeyboardInterrupt), in_one_sentence)
