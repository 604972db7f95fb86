"""Check the apps of a class, each for itself, and write a table, and feedback for each student.

    python tests/grade.py FOLDER [--csv FILE] [--jobs N] [--attacks] [NAME ...]

Each folder or zip file in FOLDER is one submission; NAME is one that is to be graded again.
"""

import argparse
import os
import signal
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from time import monotonic

from grading.confinement import MEGABYTE, MEMORY, PROCESSES, Confinement, confinement
from grading.hearing import CANARY
from grading.judging import NO_REPORT, SECONDS, TESTS, Paper, judge, scratch_folder
from grading.results import FEEDBACK, Results
from grading.running import run_once, stop_all
from grading.submissions import submissions, unpack
from prompt_toolkit.shortcuts import ProgressBar
from workbench import terminal
from workbench.course import STEPS
from workbench.loader import ENTRY_FILES

TIMES = 15  # a submission may take so many times as long as our own step 5
NAME_OF_OURS = "our own step 5"
TWICE = " It was run twice, the second time alone."


def asked(words):
    """Return what the words ask for."""
    parser = argparse.ArgumentParser(prog="workbook.py grade", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="holds a folder or a zip file of each student")
    parser.add_argument("names", nargs="*", metavar="NAME", help="grade only these again")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="where the table goes")
    cores = os.cpu_count() or 1
    parser.add_argument("--jobs", type=int, default=cores, metavar="N", help="so many at a time")
    parser.add_argument(
        "--unprotected", action="store_true", help="do not ask, where bubblewrap does not work"
    )
    parser.add_argument("--attacks", action="store_true", help="attack each app, too; takes longer")
    options = parser.parse_args(words)
    if options.csv and not options.csv.absolute().parent.is_dir():
        parser.error(f"there is no folder {options.csv.parent} for the table.")
    if options.jobs < 1:
        parser.error("--jobs takes a number from 1.")
    if not options.folder.is_dir():
        parser.error(f"there is no folder {options.folder}.")
    if any((options.folder / name).is_file() for name in ENTRY_FILES):
        parser.error(f"{options.folder} is one app; grade takes the folder around the submissions.")
    return parser, options


def chosen(parser, options):
    """Return all submissions, and those that are to be graded now."""
    everyone, others = submissions(options.folder)
    if others:
        print(f"Left out, as they are no folder and no zip file: {', '.join(others)}")
    if not everyone:
        parser.error(f"{options.folder} holds no folder and no zip file.")
    known = {one.path.name: one for one in everyone} | {one.name: one for one in everyone}
    known = {composed(name): one for name, one in known.items()}
    names = [composed(Path(name).name) for name in options.names]  # a shell completes to paths
    for name in names:
        if name not in known:
            there = ", ".join(one.name for one in everyone)
            parser.error(f"there is no submission {name}. There are: {there}.")
    return everyone, [known[name] for name in names] or everyone


def composed(name):
    """Return the one spelling of a name with accents: zip files from a Mac have another one."""
    return unicodedata.normalize("NFC", name)


def prove(confined, tests):
    """Return how our own step 5 is confined and gets full marks, and the Paper that it passed."""
    paper, trouble = try_out(confined, tests)
    if trouble and confined.bubblewrap:
        confined = Confinement("", f"{NAME_OF_OURS} fails in it ({trouble})", confined.jobs)
        paper, trouble = try_out(confined, tests)
    if trouble:
        sys.exit(f"Nothing is graded, because {NAME_OF_OURS} fails on this machine ({trouble}).")
    return confined, paper


def try_out(confined, tests):
    """Return a Paper with these files of tests, and why our own step 5 does not pass it, if so."""
    paper = Paper(tests)
    run = run_ours(confined, paper)
    canary = run.told.pop(CANARY, {"outcome": "silent"})
    failed = [one["name"] for one in run.told.values() if one["outcome"] != "passed"]
    failed += [] if canary["outcome"] == "failed" else [CANARY[1]]
    paper.checks.pop(CANARY, None)
    return paper, run.trouble or ", ".join([*run.changed, *failed])


def run_ours(confined, paper):
    """Run a Paper on our own step 5, so that it knows its checks and its time; return the Run."""
    begun = monotonic()
    with scratch_folder() as scratch:
        unpack(STEPS[-1], scratch / "handed-in")
        run = run_once(confined, scratch, paper, [], begun + SECONDS * 2)
    paper.checks = {check: run.sentences[check] for check in run.told}
    paper.seconds = max(SECONDS, TIMES * (monotonic() - begun))
    return run


def with_attacks(confined):
    """Return a Paper of the attacks, after they have been tried on our own step 5."""
    paper = Paper([], silence=SECONDS, module="grading.attacking", if_stopped="skipped")
    run = run_ours(confined, paper)
    if run.trouble or run.changed or not paper.checks:
        why = run.trouble or ", ".join(run.changed or ["no attack told anything"])
        sys.exit(f"{NAME_OF_OURS.capitalize()} can't be attacked on this machine ({why}).")
    return paper


def tell(confined, count, paper, folder):
    """Say how submissions are run, before the first one is."""
    seconds = paper.seconds + (paper.attacks.seconds if paper.attacks else 0)
    print(f"To grade: {count}, {confined.jobs} at a time, each for at most {seconds:.0f} s.")
    if confined.bubblewrap:
        print(
            "Each runs in bubblewrap: no network, no file of yours but the checks, "
            f"{MEMORY // MEGABYTE} MB of memory for a process, {PROCESSES} processes."
        )
        return
    print(*confined.gaps(), "In a container, only these two folders are at stake:", sep="\n")
    print(*in_a_container(folder.resolve()), sep="\n", flush=True)


def is_agreed(confined, unprotected):
    """Say whether submissions may run as they are confined, which a person has to allow."""
    if confined.bubblewrap or unprotected:
        return True
    if not sys.stdin.isatty():
        print("Nothing is graded. To grade without that protection, add --unprotected.")
        return False
    return input("Grade without that protection? [y/N] ").strip().lower() in ("y", "yes")


def in_a_container(folder):
    """Return the commands that grade a folder in a container, which holds nothing else."""
    inside, results = f"/class/{folder.name}", output_of(folder)
    limits = "--network none --pids-limit 1000 --memory 4g"
    volumes = f'--volume "{folder}:{inside}:ro" --volume "{results}:/class/{results.name}"'
    return [
        "  docker build --tag workbook --file .devcontainer/Dockerfile .",
        f"  docker run --rm {limits} {volumes} workbook "
        f'python workbook.py grade "{inside}" --unprotected',
    ]


def output_of(folder):
    """Return the folder for what is written about a folder of submissions."""
    return folder.with_name(f"{folder.name}-graded")


def grade(submissions, confined, paper):
    """Yield the Verdict on each submission, the first one first that is done."""
    with ThreadPoolExecutor(confined.jobs) as pool:
        waiting = [pool.submit(judge, one, confined, paper) for one in submissions]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except BaseException:  # Ctrl-C, or an error
            for one in waiting:
                one.cancel()
            stop_all()
            raise


def with_bar(verdicts, count):
    """Yield the same, with a progress bar where there is a terminal."""
    if not sys.stdout.isatty():
        yield from verdicts
        return
    with ProgressBar() as bar:
        yield from bar(verdicts, total=count)


def main(words):
    """Grade, and write down what came of it."""
    parser, options = asked(words)
    everyone, now = chosen(parser, options)
    folder = options.folder.resolve()
    results = Results(output_of(folder), options.csv)
    results.keep_only([one.name for one in everyone])
    try:
        results.prepare()
    except OSError as error:
        parser.error(f"the results can't be written: {error}")
    print(f"First, {NAME_OF_OURS}: it has to get full marks here.", flush=True)
    confined, paper = prove(confinement(options.jobs), TESTS)
    with_those = options.names and results.have_attacks()  # or these rows would lose theirs
    paper.attacks = with_attacks(confined) if options.attacks or with_those else None
    results.ask(paper)
    tell(confined, len(now), paper, folder)
    if not is_agreed(confined, options.unprotected):
        return 2
    return grade_all(now, confined, paper, results)


def grade_all(now, confined, paper, results):
    """Grade these, those without a report again and alone; write and tell what came of it."""
    done = 0
    try:
        for verdict in with_bar(grade(now, confined, paper), len(now)):
            results.add(verdict)
            done += 1
        silent = [one for one in now if results.verdicts[one.name].status == NO_REPORT]
        for verdict in grade(silent, replace(confined, jobs=1), paper):
            verdict.note += TWICE if verdict.status == NO_REPORT else ""
            results.add(verdict)
    except KeyboardInterrupt:
        results.write()
        print(f"Interrupted: {done} of {len(now)} are graded and written down.")
        return 130
    results.write()
    print("", *results.summary(), "", sep="\n")
    print(f"The table: {results.table}\nFor the students: {results.folder / FEEDBACK}")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing it started outlives it
    terminal.run(main)
