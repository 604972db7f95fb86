"""Load an app from a copy of its folder, in development mode, with databases of the test's own."""

import contextlib
import functools
import importlib
import io
import os
import re
import sys
from pathlib import Path
from unittest import mock

import bcrypt
from flask.cli import NoAppException, find_best_app, prepare_import
from flask_bcrypt import Bcrypt
from flask_sqlalchemy import SQLAlchemy

from workbench.attempt import CannotLoad, EndedPython, attempt
from workbench.compiled import compiling_once
from workbench.copying import changed_at, copy_folder, empty_folder
from workbench.databases import Databases
from workbench.deeds import listeners, watch, watching
from workbench.hiding import refuse_shadows
from workbench.missing import refuse_missing

ENTRY_FILES = ("app.py", "wsgi.py", "app/__init__.py", "__init__.py")  # where Flask looks, too
PAGES = (".html", ".htm", ".jinja", ".jinja2", ".j2", ".txt")
SETTINGS_FILES = (".cfg", ".toml", ".json", ".ini", ".env")
WRITTEN = (".py", *PAGES, *SETTINGS_FILES)
SETTINGS = ("FLASK_", "TRUSTED_", "SECRET_KEY", "DATABASE_URL", "RATELIMIT_STORAGE_URI")

FACTORIES = ("create_app", "make_app")  # which Flask calls
STARTED_IN = "started-in-here"  # a folder that is neither the app's nor the learner's

INIT_APP, CREATE_ALL = SQLAlchemy.init_app, SQLAlchemy.create_all
INIT_BCRYPT = Bcrypt.init_app
SCRATCHES = set()  # where this process has made copies
BEFORE = frozenset(sys.modules)  # none of these is an app's


def entry_of(path):
    """Return the file from which Flask starts an app, given its folder or the file itself."""
    found = (name for name in ENTRY_FILES if (path / name).is_file())
    return path if path.suffix == ".py" else path / next(found, "app.py")


class AppCopy:
    """An app's folder, its copy, and what was loaded from the copy."""

    def __init__(self, path, scratch, started_in=STARTED_IN):
        """Name the app at `path`, a folder or a .py file; `scratch` will hold the copy.

        `started_in` names a folder in `scratch` from which the app is started.
        """
        self.path = path = Path(path).resolve()
        self.folder = path.parent if path.suffix == ".py" else path
        self.source = entry_of(path)
        self.scratch = Path(scratch).resolve()
        self.root = self.scratch / self.folder.name
        self.elsewhere = self.scratch / started_in  # the working directory
        SCRATCHES.add(str(self.scratch))
        self.app = None
        self.modules = {}  # of the learner's folder, by name
        self.databases = Databases(self.scratch)
        self.copied = {}  # {file of the copy: time of its last change}
        self.extensions = []  # (SQLAlchemy or Bcrypt object, app that it is attached to)
        self.work_factors = []  # that were asked for while it was loaded
        self.models_at_create_all = []  # how many models there were at each call

    def copy(self):
        """Copy the folder, unless that has been done."""
        if not self.root.exists():
            copy_folder(self.folder, self.root)
            self.copied = changed_at(self.scratch)

    def new_files(self):
        """Return the files that the app has written."""
        now = changed_at(self.scratch)
        written = [file for file, time in now.items() if self.copied.get(file) != time]
        return [file for file in written if file.suffix != ".pyc"]

    def texts(self):
        """Yield (file, text) of what the learner has written, Python first."""
        for file in sorted(self.copied, key=lambda file: (file.suffix != ".py", file)):
            if file.suffix in WRITTEN:
                yield file, file.read_text("utf-8", "backslashreplace")

    def settings_files(self):
        """Return the files beside the learner's Python that may hold settings."""
        return [file for file, _ in self.texts() if file.suffix in SETTINGS_FILES]

    def file_with(self, words):
        """Return the first of the learner's files that holds these words, or None."""
        return next((file for file, text in self.texts() if words in text), None)

    def mentions(self, pattern):
        """Say whether a line of the learner's Python fits a regular expression."""
        code = [text for file, text in self.texts() if file.suffix == ".py"]
        return any(re.search(pattern, line) for text in code for line in text.splitlines())

    def edit(self, file, old, new):
        """Replace a text of a file in the copy; raise ValueError unless it is there once."""
        self.copy()
        text = (self.root / file).read_text("utf-8")
        if text.count(old) != 1:
            raise ValueError(f"found {text.count(old)} times in {file}: {old}")
        (self.root / file).write_text(text.replace(old, new), "utf-8")

    def load(self):
        """Import the copy as Flask does and return an Attempt at the app.

        A second call imports the same copy again.
        """
        with (
            mock.patch.object(SQLAlchemy, "_make_engine", self.databases.opening()),
            mock.patch.object(SQLAlchemy, "init_app", self.noting_app(INIT_APP)),
            mock.patch.object(SQLAlchemy, "create_all", self.noting_models()),
            mock.patch.object(Bcrypt, "init_app", self.noting_app(INIT_BCRYPT)),
        ):
            tried = attempt(self._load)
        self.app = tried.value
        self.modules = modules_below({str(self.scratch)})
        return tried

    def _load(self):
        refuse_missing(self.source, self.folder)
        self.copy()
        for name in modules_below(SCRATCHES):
            del sys.modules[name]
        refuse_shadows(self.root)
        self.elsewhere.mkdir(exist_ok=True)
        os.chdir(self.elsewhere)  # `run my_app` starts an app from another folder than its own, too
        name = prepare_import(str(self.root / self.source.relative_to(self.folder)))
        importlib.invalidate_caches()
        module = importlib.import_module(name)
        try:
            app = find_best_app(module)
        except NoAppException as error:
            raise CannotLoad(*self._no_app(module, str(error))) from error
        watch(app)
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
        """Return the Bcrypt object that is attached to the app, else another one, else None."""
        met = [one for one, app in self.extensions if isinstance(one, Bcrypt) and app is self.app]
        return next(iter([*met, *self.named(Bcrypt).values()]), None)

    def apps_with(self, kind):
        """Return the apps that a SQLAlchemy or Bcrypt object is attached to."""
        return [app for extension, app in self.extensions if isinstance(extension, kind)]

    def noting_app(self, init_app):
        """Return an init_app() of an extension that notes which app each of its objects meets."""

        @functools.wraps(init_app)
        def noting(extension, app):
            self.extensions.append((extension, app))
            init_app(extension, app)

        return noting

    def noting_models(self):
        """Return a create_all() that notes how many models it can make tables of."""

        @functools.wraps(CREATE_ALL)
        def create_all(db, *args, **kwargs):
            self.models_at_create_all.append(len(db.metadatas[None].tables))
            CREATE_ALL(db, *args, **kwargs)

        return create_all


@contextlib.contextmanager
def opened(path, compiled=None):
    """Yield the AppCopy of a folder or file; on leaving, nothing of it is left behind.

    `compiled` may hold the templates of earlier copies of the same app.
    """
    with empty_folder() as scratch:
        copy = AppCopy(path, scratch)
        where_we_are, heard = Path.cwd(), listeners()
        with (
            mock.patch.dict(os.environ, development(), clear=True),
            mock.patch.object(sys, "path", [*sys.path]),
            mock.patch.object(sys, "argv", ["flask"]),
            mock.patch.object(os, "_exit", no_exit),
            mock.patch.object(sys, "stdin", io.StringIO()),  # input() must not wait for a person
            watching(),
            compiling_once({} if compiled is None else compiled),
        ):
            try:
                yield copy
            finally:
                os.chdir(where_we_are)
                for signal, receiver in listeners() - heard:
                    signal.disconnect(receiver)
                copy.databases.close()
                for name in modules_below({str(copy.scratch)}):
                    del sys.modules[name]


def no_exit(status):
    """Raise EndedPython, in the place of os._exit()."""
    raise EndedPython(status)


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
