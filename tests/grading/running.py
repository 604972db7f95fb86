"""Run one process that checks a submission: start it, listen to it, end it."""

import json
import queue
import secrets
import subprocess
import sys
import threading
import time
from contextlib import suppress

from workbench.course import ROOT

from grading.confinement import end
from grading.hearing import Run

LONGEST = 2**20  # characters of a line, and of all that one run tells
RUNNING, STOPPING = set(), threading.Event()


def stop_all():
    """End what still runs, and start nothing new."""
    STOPPING.set()
    for process in list(RUNNING):
        end(process)


def run_once(confined, scratch, paper, done, until):
    """Run the checks that are not done in one process and return the Run."""
    place, run = confined.place(scratch), Run(secrets.token_hex())
    seconds = max(until - time.monotonic(), 1)
    process = subprocess.Popen(
        [*map(str, confined.command(scratch, "-m", paper.module))],
        cwd=ROOT / "tests",
        env=place.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        start_new_session=sys.platform != "win32",
    )
    RUNNING.add(process)
    user = confined.user()
    task = {"seal": run.seal, "done": done, "tests": paper.tests, "user": user}
    task |= {"handed_in": str(place.handed_in), "work": str(place.temporary / "work")}
    task |= {"limits": confined.limits(seconds, user)}
    lines = queue.Queue()
    threading.Thread(target=read_lines, args=(process.stdout, lines), daemon=True).start()
    try:
        with suppress(OSError), process.stdin:  # an error says that it has ended: see below
            process.stdin.write(json.dumps(task) + "\n")
        listen(run, lines, process, time.monotonic() + seconds, paper.silence)
    finally:
        RUNNING.discard(process)
        end(process)
    return run


def read_lines(file, lines):
    """Put each line into a queue, and None at the end; no process can keep a reader waiting."""
    left = LONGEST
    with suppress(ValueError, OSError), file:
        while left > 0 and (line := file.readline(LONGEST)):
            left -= len(line)
            lines.put(line)
    lines.put(None)


def listen(run, lines, process, until, silence):
    """Take in what a process tells until it is done, ends, is silent, or out of time."""
    while run.changed is None:
        patience = min(silence, until - time.monotonic())
        try:
            line = lines.get(timeout=max(patience, 0))
        except queue.Empty:
            long = "in the time it had" if patience < silence else f"within {silence} s"
            run.trouble = f"there was no verdict {long}"
            return
        if line is None:
            run.trouble = f"the process ended ({how_it_ends(process)})"
            return
        run.hear(line)


def how_it_ends(process):
    """Return how a process ends that has closed its output, in words."""
    try:
        code = process.wait(2)
    except subprocess.TimeoutExpired:
        return "it has closed what it reports to"
    number = -code if code < 0 else code - 128  # bubblewrap adds 128 to a signal
    return f"signal {number}" if number > 0 else f"exit code {code}"
