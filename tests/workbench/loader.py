"""Load an app from a copy of its folder, in development mode, with databases of the test's own."""

import contextlib
import functools
import importlib
import io
import os
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

from workbench.attempt import CannotLoad, attempt
from workbench.copying import copy_folder
from workbench.deeds import listeners
from workbench.missing import refuse_missing
from workbench.shadows import AFTER

ENTRY_FILES = ("app.py", "wsgi.py", "app/__init__.py", "__init__.py")  # where Flask looks, too
SETTINGS = ("FLASK_", "TRUSTED_", "SECRET_KEY", "DATABASE_URL", "RATELIMIT_STORAGE_URI")

FACTORIES = ("create_app", "make_app")  # which Flask calls

INIT_APP, CREATE_ALL = SQLAlchemy.init_app, SQLAlchemy.create_all
INIT_BCRYPT = flask_bcrypt.Bcrypt.init_app
SCRATCHES = set()  # where this process has made copies
BEFORE = frozenset(sys.modules)  # none of these is an app's


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
        self.modules = {}  # of the learner's folder, by name
        self.uris = []  # of the databases, as the learner wrote them
        self.engines = []
        self.met = []  # the apps to which a database was attached
        self.bcrypts = []  # (Bcrypt object, app that it has met)
        self.models_at_create_all = []  # how many models there were at each call

    def edit(self, file, old, new):
        """Replace a text of a file in the copy; raise ValueError unless it stands there once."""
        if not self.root.exists():
            copy_folder(self.folder, self.root)
        text = (self.root / file).read_text("utf-8")
        if text.count(old) != 1:
            raise ValueError(f"stands {text.count(old)} times in {file}: {old}")
        (self.root / file).write_text(text.replace(old, new), "utf-8")

    def load(self):
        """Import the copy as Flask does and return an Attempt at the app.

        A second call imports the same copy anew.
        """
        with (
            mock.patch.object(SQLAlchemy, "init_app", self.own_database()),
            mock.patch.object(SQLAlchemy, "create_all", self.noted_create_all()),
            mock.patch.object(flask_bcrypt.Bcrypt, "init_app", self.noted_bcrypt()),
        ):
            tried = attempt(self._load)
        self.app = tried.value
        self.modules = modules_below({str(self.scratch)})
        return tried

    def _load(self):
        refuse_missing(self.source, self.folder)
        if not self.root.exists():
            copy_folder(self.folder, self.root)
        for name in modules_below(SCRATCHES):
            del sys.modules[name]
        refuse_shadows(self.root)
        os.chdir(self.root)  # open("log.txt", "w") must not write into the learner's folder
        name = prepare_import(str(self.root / self.source.relative_to(self.folder)))
        importlib.invalidate_caches()
        module = importlib.import_module(name)
        try:
            app = find_best_app(module)
        except NoAppException as error:
            raise CannotLoad(*self._no_app(module, str(error))) from error
        app.config["PROPAGATE_EXCEPTIONS"] = False  # a crash is a 500, as it is for a visitor
        return app

    def _no_app(self, module, error):
        """Return what was seen of a module without an app, and a hint."""
        if error.startswith("Detected"):  # several apps, or a factory with arguments
            hint = "Flask takes the one named app, and calls create_app() without arguments."
            return error.partition(". ")[0], hint
        factory = next((name for name in FACTORIES if callable(getattr(module, name, None))), None)
        if factory:
            return f"{factory}() returns no Flask app", "Which line gives the app to the caller?"
        hint = "Flask looks for a variable named app, or a function create_app()."
        return f"no Flask app in {self.source.name}", hint

    def named(self, kind):
        """Return {name: object} of the objects of a class that the learner's modules hold."""
        names = {}
        for module in self.modules.values():
            for name, value in vars(module).items():
                if isinstance(value, kind) and not any(value is one for one in names.values()):
                    names[f"{module.__name__}.{name}"] = value
        return names

    def bcrypt(self):
        """Return the Bcrypt object that has met the app, else another one, else None."""
        met = [bcrypt for bcrypt, app in self.bcrypts if app is self.app]
        return next(iter([*met, *self.named(flask_bcrypt.Bcrypt).values()]), None)

    def own_database(self):
        """Return an init_app() that notes the learner's addresses and uses files in `scratch`."""

        def init_app(db, app):
            asked = app.config.get("SQLALCHEMY_DATABASE_URI")
            binds = app.config.get("SQLALCHEMY_BINDS") or {}
            self.uris.append(asked)
            self.met.append(app)
            if asked is not None:
                app.config["SQLALCHEMY_DATABASE_URI"] = self._replacement(asked, "main")
            app.config["SQLALCHEMY_BINDS"] = {k: self._replacement(u, k) for k, u in binds.items()}
            INIT_APP(db, app)
            app.config.update(SQLALCHEMY_DATABASE_URI=asked, SQLALCHEMY_BINDS=binds)
            with app.app_context():
                self.engines.extend(db.engines.values())
            for engine in self.engines:
                sqlalchemy.event.listen(engine, "connect", do_not_wait_for_the_disk)

        return init_app

    def noted_bcrypt(self):
        """Return an init_app() of Bcrypt that notes who meets whom."""

        def init_app(bcrypt, app):
            self.bcrypts.append((bcrypt, app))
            INIT_BCRYPT(bcrypt, app)

        return init_app

    def noted_create_all(self):
        """Return a create_all() that notes how many models it can make tables of."""

        def create_all(db, *args, **kwargs):
            self.models_at_create_all.append(len(db.metadatas[None].tables))
            CREATE_ALL(db, *args, **kwargs)

        return create_all

    def _replacement(self, uri, name):
        """Return the address of a database in `scratch`; raise what a wrong `uri` would raise."""
        sqlalchemy.create_engine(uri["url"] if isinstance(uri, dict) else uri).dispose()
        return sqlalchemy.URL.create("sqlite", database=str(self.scratch / f"{name}.db"))


def do_not_wait_for_the_disk(connection, _record):
    """Tell SQLite that this database need not survive a power cut."""
    connection.execute("PRAGMA synchronous=OFF")


@contextlib.contextmanager
def opened(path):
    """Yield the AppCopy of a folder or file; on leaving, nothing of it is left behind."""
    with tempfile.TemporaryDirectory(prefix="checkpoint-", ignore_cleanup_errors=True) as scratch:
        copy = AppCopy(path, scratch)
        where_we_are, heard = Path.cwd(), listeners()
        with (
            mock.patch.dict(os.environ, development(), clear=True),
            mock.patch.object(sys, "path", [*sys.path]),
            mock.patch.object(sys, "argv", ["flask"]),
            mock.patch.object(sys, "stdin", io.StringIO()),  # input() must not wait for a person
        ):
            try:
                yield copy
            finally:
                os.chdir(where_we_are)
                for signal, receiver in listeners() - heard:
                    signal.disconnect(receiver)
                for engine in copy.engines:
                    engine.dispose()
                for name in modules_below({str(copy.scratch)}):
                    del sys.modules[name]


def development():
    """Return the environment of `flask --debug`, in which app.run() at import returns at once."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    started = {"FLASK_DEBUG": "1", "FLASK_RUN_FROM_CLI": "true", "WERKZEUG_RUN_MAIN": "true"}
    return kept | started


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
    return {
        name: module
        for name, module in list(sys.modules.items())
        if name not in BEFORE and place(module).startswith(below)
    }


def place(module):
    """Return the file of a module, the folder of a package without one, or an empty string."""
    file = getattr(module, "__file__", None)
    return str(file or next(iter(getattr(module, "__path__", ())), ""))


def refuse_shadows(root):
    """Raise CannotLoad if a module of the learner's hides a package that the app needs."""
    if (root / "__init__.py").exists():  # inside a package nothing hides a package
        return
    modules = [*root.glob("*.py"), *(path.parent for path in root.glob("*/__init__.py"))]
    mine = {path.stem: path for path in modules}
    known = {*sys.modules, *sys.stdlib_module_names, *AFTER}
    for name in shadows(*sorted(mine.keys() & known)):
        seen = f"a file named {name}.py" if mine[name].suffix else f"a folder named {name}"
        hint = f"Python imports it wherever the package {name} is meant. Rename it?"
        raise CannotLoad(f"{seen}, which hides the package {name}", hint)


@functools.cache
def shadows(*names):
    """Return those names that Flask or an extension imports; this process has done so already."""
    if not names:
        return []
    command = [sys.executable, Path(__file__).with_name("shadows.py"), *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()
