"""Options of the checkpoints; their reports and fixtures are in tests/workbench/.

A checkpoint tests the snapshot beside it, or the app that --app names.
"""

import sys
from pathlib import Path

from workbench.second_process import begin_for

PLUGINS = ("summary", "reports", "oracles", "fixtures", "users", "second_start", "visits", "turns")
pytest_plugins = [f"workbench.{name}" for name in PLUGINS]

begin_for(sys.argv[1:], Path.cwd())  # now, so that it imports Flask while this process does


def pytest_addoption(parser):
    """Add --app, --hints and --your-turn."""
    group = parser.getgroup("checkpoints of the workbook")
    group.addoption("--app", metavar="PATH", help="check this folder or app.py, not the snapshot")
    group.addoption("--hints", action="store_true", help="show a hint with each message")
    group.addoption("--your-turn", action="store_true", help="check the task of the step, too")
