"""Another process, which starts apps a second time; it imports Flask while this one does."""

import atexit
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from workbench.course import steps_at

TESTS = Path(__file__).resolve().parents[1]
PAGES = "04"  # from this step on, nothing is asked of a second process
PATIENCE = 30  # seconds for one answer
ANOTHER_SEED = {"PYTHONHASHSEED": "1843"}


class SecondProcess:
    """A process that answers tasks, a line of JSON each, until an app ends it."""

    running = None

    def __init__(self):
        """Let it begin."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workbench.restart"],
            cwd=TESTS,
            env=os.environ | ANOTHER_SEED,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )

    def answer(self, task):
        """Return what it answers to a task, as text: nothing if it ended, or took too long."""
        patience = threading.Timer(PATIENCE, self.process.kill)
        patience.start()
        try:
            print(json.dumps(task), file=self.process.stdin, flush=True)
            return self.process.stdout.readline()
        except BrokenPipeError:
            return ""
        finally:
            patience.cancel()

    def end(self):
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def begin():
    """Let the second process begin, unless it has begun."""
    SecondProcess.running = SecondProcess.running or SecondProcess()


def begin_for(words, folder):
    """Let it begin if these words, typed behind pytest in a folder, name a step that asks it."""
    if any(step.name < PAGES for step in steps_at(words, folder)):
        begin()


@atexit.register
def end():
    """End the second process, if there is one."""
    if SecondProcess.running:
        SecondProcess.running.end()
    SecondProcess.running = None


def ask(**task):
    """Return the answer to a task; the process is left for the next one if it gave an answer."""
    begin()
    answer = SecondProcess.running.answer(task)
    if not answer:
        end()
    return answer
