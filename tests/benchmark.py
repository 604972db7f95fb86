"""Measure how long a learner waits: python tests/benchmark.py, with the Python of .venv.

Every figure is a ratio to what it takes to import the packages once, measured side by side in the
same round, so that a slow or busy machine slows both. Nothing here is asserted.

    python tests/benchmark.py               the checkpoints, and watch
    python tests/benchmark.py grade 200     a class of 200, in seconds
    python tests/benchmark.py final         final/: its CPU, its growth, logins per second
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import benchmark_final
from workbench.course import ROOT, STEPS
from workbench.watch import Watch, stop

ROUNDS = 5
IMPORTS = "import flask, flask_login, flask_sqlalchemy, flask_bcrypt, pytest"
PATIENCE = 120  # seconds
OPEN = {  # {step: the app in which one thing of it is not done yet: a snapshot, old text, new text}
    "04_views": ("04_views", 'flash("Wrong username or password.")', "pass"),
    "05_logout": ("05_logout", "@login_required\n", ""),
}


def seconds(*words):
    """Return how long a command takes, in seconds."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, check=False)
    return time.perf_counter() - begun


def sit(steps, app):
    """Return how long pytest takes for these steps of an app, in seconds."""
    return seconds("-m", "pytest", *map(str, steps), f"--app={app}")


async def after_saves(folder, step):
    """Return how long it takes from each save to the verdict of a step, in seconds."""
    watch, took = Watch(folder), []
    judged = asyncio.Event()

    def redraw():
        if watch.progress.is_judged(step):
            judged.set()

    watch.redraw = redraw
    checking = asyncio.create_task(watch.keep_checking())
    try:
        await until_idle(watch)
        for number in range(ROUNDS):
            judged.clear()
            begun = time.perf_counter()
            with (folder / "app.py").open("a", encoding="utf-8") as file:
                file.write(f"# save {number}\n")
            await asyncio.wait_for(judged.wait(), PATIENCE)
            took.append(time.perf_counter() - begun)
            await until_idle(watch)
    finally:
        await stop(checking)
    return took


async def until_idle(watch):
    """Wait until a run has ended, and the process for the next one has had time to get ready."""
    while not watch.state.startswith("checked"):
        await asyncio.sleep(0.05)
    await asyncio.sleep(3)


def told(what, ratios):
    """Print a median and the spread around it."""
    middle, low, high = statistics.median(ratios), min(ratios), max(ratios)
    print(f"{what:<48} {middle:5.2f} x   ({low:.2f} to {high:.2f})", flush=True)


def measure_grade(most):
    """Print how long it takes to grade a class, a quarter of it, and how that grows."""
    apps = [*STEPS, *sorted(filter(Path.is_dir, (ROOT / "tests/other_styles").iterdir()))]
    with tempfile.TemporaryDirectory() as scratch:
        took = {}
        for count in (most // 4, most):
            folder = Path(scratch, f"class-of-{count}")
            for number in range(count):
                shutil.copytree(apps[number % len(apps)], folder / f"student-{number:03}")
            took[count] = seconds("tests/grade.py", str(folder))
            each, cores = took[count] / count, os.cpu_count()
            print(f"{count} submissions on {cores} cores: {took[count]:.0f} s, {each:.2f} s each")
        growth = took[most] / took[most // 4]
        print(f"four times as many take {growth:.1f} times as long")


def main(what="", number=""):
    """Measure, and print a line for each."""
    if what == "grade":
        measure_grade(int(number or 200))
        return
    if what == "final":
        benchmark_final.measure(told, int(number or 1_000_000))
        return
    with tempfile.TemporaryDirectory() as scratch:
        app = Path(scratch, "my_app")
        shutil.copytree(STEPS[-1], app)
        imports = [seconds("-c", IMPORTS) for _ in range(ROUNDS)]
        base = statistics.median(imports)
        print(f"importing the packages takes {base:.2f} s; everything else in multiples of that")
        for step in STEPS:
            rounds = [(sit([step], app), seconds("-c", IMPORTS)) for _ in range(ROUNDS)]
            told(f"pytest steps/{step.name}", [took / once for took, once in rounds])
        rounds = [(sit(STEPS, app), seconds("-c", IMPORTS)) for _ in range(ROUNDS)]
        told("pytest steps, all five", [took / once for took, once in rounds])
        for step, (snapshot, old, new) in OPEN.items():
            open_app = Path(scratch, step)
            shutil.copytree(ROOT / "steps" / snapshot, open_app)
            text = (open_app / "app.py").read_text("utf-8")
            (open_app / "app.py").write_text(text.replace(old, new), "utf-8")
            took = asyncio.run(after_saves(open_app, step))
            told(f"watch: from a save to the verdict of {step}", [one / base for one in took])


if __name__ == "__main__":
    main(*sys.argv[1:])
