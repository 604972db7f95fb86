"""The machinery behind the checkpoints: load an app, browse it, report what was seen."""

import sys
from pathlib import Path

# `python -m pytest` in a learner's folder makes Python look there first: their bcrypt.py, if
# they have one, would be imported here in the place of the package.
if str(Path.cwd()) in sys.path and Path.cwd() not in Path(__file__).resolve().parents:
    sys.path.remove(str(Path.cwd()))
