"""Copy the files that an app needs, and leave out the others."""

import contextlib
import itertools
import secrets
import shutil
import tempfile
from pathlib import Path

from workbench.attempt import CannotLoad

CLUTTER = {"node_modules", "__pycache__", "venv", "env"}
DATABASES = {".db", ".sqlite", ".sqlite3"}
BESIDE_A_DATABASE = ("-journal", "-wal", "-shm")
SQLITE = b"SQLite format 3\0"  # how such a file begins, see sqlite.org/fileformat.html
MAX_MEGABYTES = 20
TOKEN = secrets.token_hex(4)  # of the folders of this process


def copy_folder(folder, target):
    """Copy the files of an app, without dot-folders, environments, databases and caches.

    Raises CannotLoad above 20 MB.
    """
    size = 0

    def clutter(directory, names):
        nonlocal size
        paths = {name: Path(directory, name) for name in names}
        skipped = {name for name, path in paths.items() if is_clutter(path)}
        size += sum(p.stat().st_size for n, p in paths.items() if n not in skipped and p.is_file())
        if size > MAX_MEGABYTES * 1_000_000:
            hint = "Keep the app in a folder of its own, without other projects or data in it."
            raise CannotLoad(f"more than {MAX_MEGABYTES} MB of files in {folder.name}", hint)
        return skipped

    shutil.copytree(folder, target, ignore=clutter, ignore_dangling_symlinks=True)


def is_clutter(path):
    """Say whether an app runs without this file or folder."""
    if path.is_dir():
        loops = path.is_symlink() and path.resolve() in path.parents
        return path.name.startswith(".") or path.name in CLUTTER or is_environment(path) or loops
    return is_database(path)


def is_database(path):
    """Say whether the file holds a database, or what SQLite keeps beside one."""
    if path.suffix in DATABASES or path.name.endswith(BESIDE_A_DATABASE):
        return True
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def is_environment(path):
    """Say whether the folder is a virtual environment, whatever its name."""
    return (path / "pyvenv.cfg").is_file()


def changed_at(folder):
    """Return {file: time of its last change} of all files below a folder."""
    return {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}


@contextlib.contextmanager
def empty_folder():
    """Yield a new folder, which is gone afterwards; its name is the same each time it is free."""
    for number in itertools.count():
        folder = Path(tempfile.gettempdir(), f"checkpoint-{TOKEN}-{number}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir(0o700)
            break
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # Windows keeps what is still open
