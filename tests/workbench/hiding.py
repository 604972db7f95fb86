"""Find files of the learner that hide a package which the app needs."""

import functools
import subprocess
import sys
from pathlib import Path

from workbench.attempt import CannotLoad
from workbench.shadows import AFTER


def refuse_shadows(root):
    """Raise CannotLoad if a module of the learner's hides a package that the app needs."""
    if (root / "__init__.py").exists():  # inside a package nothing hides a package
        return
    modules = [*root.glob("*.py"), *(path.parent for path in root.glob("*/__init__.py"))]
    mine = {path.stem: path for path in modules}
    known = {*sys.modules, *sys.stdlib_module_names, *AFTER}
    for name in shadows(*sorted(mine.keys() & known)):
        seen = f"a file named {name}.py" if mine[name].suffix else f"a folder named {name}"
        hint = f"Python imports it in place of the package {name}. Can you rename it?"
        raise CannotLoad(f"{seen}, which hides the package {name}", hint)


@functools.cache
def shadows(*names):
    """Return those names that Flask or an extension imports; this process has done so already."""
    if not names:
        return []
    command = [sys.executable, Path(__file__).with_name("shadows.py"), *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()
