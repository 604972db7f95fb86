"""What the notebooks share: apps loaded from copies, a stopwatch, pictures, and checks.

    site = load_step("05_logout")                        an app, its database and its visitors
    site = load_step("05_logout", ("old text", "new"))   the same with a line of app.py changed
    best_of(function)                                    seconds of CPU time that a call takes
    show(figure, "what it shows")                        a chart, and words for who cannot see it
    check("name", answer)                                [ ] not answered, [x] and why, [v]

An app is loaded from a copy in a temporary folder: no experiment changes a file of the workbook.
"""

import atexit
import base64
import io
import logging
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from IPython.display import HTML, display

logging.getLogger("matplotlib.font_manager").setLevel("ERROR")  # it tells when it looks for fonts
import matplotlib.pyplot as plt  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "tests"), str(HERE)]

import exercises  # noqa: E402
from workbench.loader import opened  # noqa: E402
from workbench.people import ANOTHER_PASSWORD, PASSWORD  # noqa: E402, F401
from workbench.site import Site  # noqa: E402

FINE_CLOCK = time.get_clock_info("process_time").resolution < 0.001  # 16 ms on Windows
clock = time.process_time if FINE_CLOCK else time.perf_counter
copies = ExitStack()
atexit.register(copies.close)


def load_step(name, *edits, cost=None):
    """Return the Site of a step ("05_logout") or of "final", loaded from a copy of its own.

    An edit is (old text, new text) in app.py, or (file, old text, new text); raises ValueError
    unless the old text stands there once. `cost` is the work factor, 12 unless given.
    """
    where_we_are, input_of_notebook = Path.cwd(), sys.stdin
    copy = copies.enter_context(opened(ROOT / name if name == "final" else ROOT / "steps" / name))
    for edit in edits:
        copy.edit(*(edit if len(edit) == 3 else ("app.py", *edit)))
    os.environ["BCRYPT_LOG_ROUNDS"] = str(cost or 12)  # final/ reads it
    site = Site(copy)
    site.app.logger.disabled = True  # its lines hold times and paths
    if cost:
        site.bcrypt._log_rounds = cost
    os.chdir(where_we_are)
    sys.stdin = input_of_notebook
    return site


def best_of(function, times=3):
    """Return how long a call takes, in seconds of CPU time: the shortest of several calls."""
    return min(stopped(function) for _ in range(times))


def stopped(function):
    """Return the seconds of CPU time that one call takes."""
    start = clock()
    function()
    return clock() - start


def show(figure, text):
    """Show a chart, with a text for those who cannot see it."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, bbox_inches="tight")
    plt.close(figure)
    picture = base64.b64encode(file.getvalue()).decode()
    display(HTML(f'<img data-measured="1" alt="{text}" src="data:image/png;base64,{picture}">'))


def check(name, answer):
    """Say whether the answer to an exercise is right, or why not; never raises."""
    if answer is None:
        print(f"[ ] {name}: put your answer in the place of None, and run the cell")
        return
    try:
        why = getattr(exercises, name)(answer)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
    print(f"[x] {name}: {why}" if why else f"[v] {name}")
