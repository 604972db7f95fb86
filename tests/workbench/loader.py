"""Load an app from a copy of its folder, in development mode, with databases of the test's own."""

import contextlib
import functools
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

import bcrypt
import flask_bcrypt
import sqlalchemy
from flask.cli import NoAppException, find_best_app, prepare_import
from flask_sqlalchemy import SQLAlchemy

from workbench.attempt import Observed, attempt

ENTRY_FILES = ("app.py", "wsgi.py", "app/__init__.py", "__init__.py")  # where Flask looks, too
CLUTTER = {"instance", "node_modules", "__pycache__", "venv", "env"}
MAX_MEGABYTES = 20
SETTINGS = ("FLASK_", "TRUSTED_", "SECRET_KEY", "DATABASE_URL", "RATELIMIT_STORAGE_URI")

SCRATCHES = set()  # where this process has made copies


class CannotLoad(Observed):
    """There is nothing to load, or it cannot be an app; the text says what was seen."""

    def __init__(self, seen, hint=None):
        """Keep what was seen, and a hint at the way out."""
        super().__init__(seen)
        self.hint = hint


class AppCopy:
    """An app's folder, its copy, and what was loaded from the copy."""

    def __init__(self, path, scratch):
        """Name the app at `path`, a folder or a .py file; `scratch` will hold the copy."""
        path = Path(path).resolve()
        self.folder = path.parent if path.suffix == ".py" else path
        found = (name for name in ENTRY_FILES if (self.folder / name).is_file())
        self.source = path if path.suffix == ".py" else self.folder / next(found, "app.py")
        self.scratch = Path(scratch).resolve()
        self.root = self.scratch / self.folder.name
        SCRATCHES.add(str(self.scratch))
        self.app = None
        self.uris = []  # of the databases, as the learner wrote them
        self.engines = []

    def load(self):
        """Import the copy as Flask does and return an Attempt at the app.

        A second call imports the same copy anew.
        """
        tried = attempt(self._load)
        self.app = tried.value
        return tried

    def _load(self):
        if not self.source.is_file():
            raise CannotLoad(f"no {self.source.name} there yet")
        if not self.root.exists():
            copy_folder(self.folder, self.root)
        refuse_shadows(self.root)
        for name in modules_below(SCRATCHES):
            del sys.modules[name]
        name = prepare_import(str(self.root / self.source.relative_to(self.folder)))
        importlib.invalidate_caches()
        module = importlib.import_module(name)
        try:
            app = find_best_app(module)
        except NoAppException as error:
            hint = "Flask looks for a variable named app, or a function create_app()."
            raise CannotLoad(f"no Flask app in {self.source.name}", hint) from error
        app.config["PROPAGATE_EXCEPTIONS"] = False  # a crash is a 500, as it is for a visitor
        return app

    def bcrypt(self):
        """Return a Bcrypt object that a module of the learner's folder holds, or None."""
        modules = modules_below({str(self.scratch)}).values()
        values = [value for module in modules for value in vars(module).values()]
        return next((value for value in values if isinstance(value, flask_bcrypt.Bcrypt)), None)

    def own_database(self, init_app):
        """Wrap SQLAlchemy.init_app: note the learner's addresses, use files in `scratch`."""

        def wrapped(db, app):
            asked = app.config.get("SQLALCHEMY_DATABASE_URI")
            binds = app.config.get("SQLALCHEMY_BINDS") or {}
            self.uris.append(asked)
            if asked is not None:
                app.config["SQLALCHEMY_DATABASE_URI"] = self._replacement(asked, "main")
            app.config["SQLALCHEMY_BINDS"] = {k: self._replacement(u, k) for k, u in binds.items()}
            init_app(db, app)
            app.config.update(SQLALCHEMY_DATABASE_URI=asked, SQLALCHEMY_BINDS=binds)
            with app.app_context():
                self.engines.extend(db.engines.values())

        return wrapped

    def _replacement(self, uri, name):
        """Return the address of a database in `scratch`; raise what a wrong `uri` would raise."""
        sqlalchemy.create_engine(uri["url"] if isinstance(uri, dict) else uri).dispose()
        return sqlalchemy.URL.create("sqlite", database=str(self.scratch / f"{name}.db"))


@contextlib.contextmanager
def opened(path):
    """Yield the AppCopy of a folder or file; on leaving, nothing of it is left behind."""
    with tempfile.TemporaryDirectory(prefix="checkpoint-", ignore_cleanup_errors=True) as scratch:
        copy = AppCopy(path, scratch)
        where_we_are = Path.cwd()
        with (
            mock.patch.dict(os.environ, development(), clear=True),
            mock.patch.object(sys, "path", [*sys.path]),
            mock.patch.object(sys, "argv", ["flask"]),
            mock.patch.object(SQLAlchemy, "init_app", copy.own_database(SQLAlchemy.init_app)),
        ):
            os.chdir(scratch)  # open("log.txt", "w") must not write into the learner's folder
            try:
                yield copy
            finally:
                os.chdir(where_we_are)
                for engine in copy.engines:
                    engine.dispose()
                for name in modules_below({str(copy.scratch)}):
                    del sys.modules[name]


def development():
    """Return the environment of `flask --debug`, in which app.run() at import returns at once."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return kept | {"FLASK_DEBUG": "1", "FLASK_RUN_FROM_CLI": "true"}


@contextlib.contextmanager
def cheap_salts():
    """Make bcrypt fast, and yield the list of work factors that were asked for."""
    gensalt, asked = bcrypt.gensalt, []

    def cheap(rounds=12, prefix=b"2b"):
        asked.append(rounds)
        return gensalt(4, prefix)

    with mock.patch.object(bcrypt, "gensalt", cheap):
        yield asked


def modules_below(folders):
    """Return {name: module} of what was imported from below one of the folders."""
    below = tuple(folder + os.sep for folder in folders)

    def places(module):
        return [getattr(module, "__file__", None), *getattr(module, "__path__", [])]

    return {
        name: module
        for name, module in list(sys.modules.items())
        if any(str(place).startswith(below) for place in places(module))
    }


def copy_folder(folder, target):
    """Copy what an app consists of: no dot-folders, environments, databases or caches.

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
    return path.suffix == ".db"


def is_environment(path):
    """Say whether the folder is a virtual environment, whatever its name."""
    return (path / "pyvenv.cfg").is_file()


def refuse_shadows(root):
    """Raise CannotLoad if a file of the learner's hides a package that the app needs."""
    known = {name.partition(".")[0] for name in sys.modules} | sys.stdlib_module_names
    suspects = tuple(sorted(path.name for path in root.iterdir() if path.stem in known))
    for name in shadows(root, suspects) if suspects else ():
        hint = f"Python imports your file wherever the package {name} is meant. Rename it?"
        raise CannotLoad(f"a file named {name}.py, which hides the package {name}", hint)


@functools.cache
def shadows(root, suspects):
    """Return the packages that files in `root` hide; this process has imported the real ones."""
    command = [sys.executable, Path(__file__).with_name("shadows.py"), root]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()
