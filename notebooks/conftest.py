"""How pytest runs the notebooks: strictly, with its own Python, and leaving nothing behind."""

import os
import shutil
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
FOLDERS = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "TMPDIR", "TEMP", "TMP")

collect_ignore_glob = ["my/*"]  # learners' copies


def pytest_configure(config):
    """Set up nbval; the kernels, which it kills, write into a folder that is removed."""
    option = config.option
    if not getattr(option, "nbval", False):
        return
    option.nbval_current_env = True
    option.nbval_sanitize_with = str(HERE / "sanitize.cfg")
    option.nbval_cell_timeout = 60  # seconds
    if getattr(option, "dist", "no") == "load":  # pytest-xdist would scatter the cells
        option.dist = "loadfile"
    scratch = tempfile.mkdtemp(prefix="notebooks-")
    before = dict(os.environ)
    os.environ.update(dict.fromkeys(FOLDERS, scratch))

    def tidy():
        shutil.rmtree(scratch, ignore_errors=True)
        for name in FOLDERS:
            os.environ.pop(name)
            os.environ.update({name: before[name]} if name in before else {})

    config.add_cleanup(tidy)
