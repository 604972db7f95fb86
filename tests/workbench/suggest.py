"""Find the name that was probably meant, as Python does when it asks "Did you mean"."""

import ast
import builtins
import contextlib
import importlib
import inspect
import pkgutil
import re
import sys
import traceback
from collections.abc import Mapping
from difflib import get_close_matches
from itertools import chain
from types import ModuleType

import jinja2
import sqlalchemy.orm
from flask_sqlalchemy import SQLAlchemy
from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_TESTS
from jinja2.utils import object_type_repr
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm.base import opt_manager_of_class

from workbench.frames import frames_of, innermost, local, node_at, value_of
from workbench.packages import is_known, was_removed

ASKS = re.compile(r"Did you (mean|forget).*\?")
LIBRARIES = ("flask", "flask_login", "flask_bcrypt", "flask_sqlalchemy", "sqlalchemy.exc")
SEARCHED = ("flask", "werkzeug", "sqlalchemy", "wtforms", "bcrypt", "jinja2")
TAGS = "block endblock extends include if elif else endif for endfor set macro endmacro".split()
ENOUGH = 0.75  # how alike two names have to be, from 0 to 1


def suggestion(error):
    """Return the question after the name that was meant, or an empty string."""
    if misleads(error):
        return ""
    if library := library_of(error):
        return f"Did you forget to import '{error.name}' from '{library}'?"
    if asked := by_the_interpreter(error):
        return asked
    with contextlib.suppress(Exception):  # objects of a learner's may break when one looks at them
        if name := close_name(error):
            return f"Did you mean: '{name}'?"
    if isinstance(error, NameError) and getattr(error, "name", "") in sys.stdlib_module_names:
        return f"Did you forget to import '{error.name}'?"
    return ""


def misleads(error):
    """Say whether the closest name is known to be a wrong guess."""
    if not isinstance(error, AttributeError):
        return False
    kind, name = type(getattr(error, "obj", None)), getattr(error, "name", None) or ""
    return (kind, name) in ((str, "decode"), (bytes, "encode")) or was_removed(kind.__name__, name)


def by_the_interpreter(error):
    """Return what Python asks below a traceback, or an empty string."""
    try:
        kind, value, tb = type(error), error, error.__traceback__
        lines = list(traceback.TracebackException(kind, value, tb).format_exception_only())
    except Exception:  # a learner's error may break, too
        return ""
    asked = ASKS.search(lines[-1]) if lines else None
    return asked[0] if asked else ""


def library_of(error):
    """Return the library that has a name which no line has imported, or None."""
    name = getattr(error, "name", None)
    if type(error) is not NameError or not name or name.startswith("_") or name == "session":
        return None  # db.session is as likely to be meant as Flask's
    holders = ((library, importlib.import_module(library)) for library in LIBRARIES)
    return next((one for one, holder in holders if is_public(getattr(holder, name, None))), None)


def is_public(value):
    """Say whether a library's value is one to import: no submodule, and there at all."""
    return value is not None and not isinstance(value, ModuleType)


def close_name(error):
    """Return the name that was probably meant where an error occurred, or None."""
    for kind, finder in FINDERS:
        if isinstance(error, kind):
            name, names = finder(error)
            return closest(name, names) if isinstance(name, str) and name else None
    return None


def closest(name, names):
    """Return the name that is most like another one, or None."""
    hidden = name.startswith("_")
    names = [one for one in names if isinstance(one, str) and hidden >= one.startswith("_")]
    names = [one for one in dict.fromkeys(names) if one != name]
    same = [one for one in names if bare(one) == bare(name) or sorted(one) == sorted(name)]
    near = get_close_matches(name, same, 1, 0) or get_close_matches(name, names, 1, ENOUGH)
    return next(iter(near), None)


def bare(name):
    """Return the letters and digits of a name, in lower case."""
    return re.sub(r"[\W_]", "", name).casefold()


# Each finder returns the name that is not there, and those that are.


def for_a_name(error):
    """Look at the variables around; a method's class has some, too."""
    frame = innermost(error)
    if frame is None:
        return None, ()
    name = getattr(error, "name", None)
    if name and hasattr(frame.f_locals.get("self"), name):
        return "self." + name[:-1], [f"self.{name}"]  # alike enough
    return name, [*frame.f_locals, *frame.f_globals, *dir(builtins)]


def for_an_attribute(error):
    """Look at the object that was asked."""
    thing, more = getattr(error, "obj", None), ()
    if isinstance(thing, SQLAlchemy):  # it passes on what SQLAlchemy has
        more = [*dir(sqlalchemy), *dir(sqlalchemy.orm)]
    return getattr(error, "name", None), () if thing is None else [*dir(thing), *more]


def for_an_import(error):
    """Look into the module that was asked."""
    name = re.search("cannot import name '(.+?)'", str(error))
    if not name or was_removed(error.name, name[1]) or "partially initialized" in str(error):
        return None, ()
    return name[1], dir(sys.modules.get(error.name))


def for_a_module(error):
    """Look at the modules that can be imported, or at those of the package."""
    package, _, name = (error.name or "").rpartition(".")
    if not package and is_known(name):
        return None, ()
    path = getattr(sys.modules.get(package), "__path__", ()) if package else None
    names = [module.name for module in pkgutil.iter_modules(path)]
    found = closest(name, names if package else [*names, *sys.stdlib_module_names])
    return (error.name, [f"{package}.{found}".lstrip(".")]) if found else (None, ())


def for_a_key(error):
    """Look into the dictionary that was asked."""
    key, (frame, _, lasti) = error.args[0] if error.args else None, frames_of(error)[-1]
    holder = frame.f_locals.get("self")
    if not isinstance(holder, Mapping):
        node = node_at(frame, lasti, ast.Subscript)
        holder = value_of(node.value, frame) if node else None
    return key, list(holder) if isinstance(holder, Mapping) else ()


def for_a_template_s_name(error):
    """Look at what a template has been given, or at those things that it may have asked."""
    given = {}  # Jinja puts them there for debuggers
    for frame, *_ in frames_of(error):
        given = frame.f_locals if "__jinja_exception__" in frame.f_globals else given
    name = re.match("'(.+?)' is undefined", str(error))
    if name:
        return name[1], list(given)
    name = re.match("'(.+?)' has no attribute '(.+?)'", str(error))
    asked = [one for one in given.values() if name and object_type_repr(one) == name[1]]
    names = [list(one) if isinstance(one, Mapping) else dir(one) for one in asked]
    return (name[2], chain(*names)) if name else (None, ())


def for_a_tag(error):
    """Look at the tags, filters and tests of Jinja."""
    tag = re.match("Encountered unknown tag '(.+?)'", error.message or "")
    if tag:
        return tag[1], () if tag[1] in TAGS else TAGS
    name = re.match("No (filter|test) named '(.+?)'", error.message or "")
    known = {"filter": DEFAULT_FILTERS, "test": DEFAULT_TESTS}
    return (name[2], known[name[1]]) if name else (None, ())


def for_a_template(error):
    """Look at the templates that are there."""
    environment = local(error, "environment", jinja2.Environment)
    return error.name, environment.list_templates() if environment else ()


def for_a_column(error):
    """Look at the model that was asked for a column."""
    name = re.search('propert(?:y|ies) "(.+?)"', str(error))
    models = re.findall(r'Mapper\[(\w+)|namespace for "(\w+)"', str(error))
    spaces = [frame.f_globals for frame, *_ in frames_of(error)]
    wanted = {name.casefold() for names in models for name in names if name}
    found = [space[one] for space in spaces for one in space if one.casefold() in wanted]
    return (name[1], chain(*map(columns_of, found))) if name else (None, ())


def for_an_argument(error):
    """Look at the columns of a model, or at the parameters of a function."""
    name = re.search("'(.+?)' is an invalid keyword argument", str(error))
    if name:
        return name[1], columns_of(type(local(error, "self")))
    name = re.search(r"([\w.]+)\(\) got an unexpected keyword argument '(.+?)'", str(error))
    if name:
        return name[2], parameters_of(name[1], error)
    name = re.search("should be named <dialectname>_<argument>, got '(.+?)'", str(error))
    return (name[1], parameters_of("Column.__init__", error)) if name else (None, ())


def columns_of(model):
    """Return the names of what a model's rows hold."""
    return list(opt_manager_of_class(model) or ()) if isinstance(model, type) else []


def parameters_of(path, error):
    """Return the names of a function's parameters; it is looked for by its qualified name."""
    first, *rest = path.split(".")
    spaces = [frame.f_globals for frame, *_ in reversed(frames_of(error))]
    spaces += [vars(m) for n, m in list(sys.modules.items()) if n.startswith(SEARCHED) and m]
    found = next((space[first] for space in spaces if first in space), None)
    for name in rest:
        found = getattr(found, name, None)
    return inspect.signature(found).parameters if callable(found) else ()


FINDERS = [
    (ModuleNotFoundError, for_a_module),
    (ImportError, for_an_import),
    (UnboundLocalError, lambda _: (None, ())),
    (NameError, for_a_name),
    (AttributeError, for_an_attribute),
    (KeyError, for_a_key),
    (jinja2.TemplateNotFound, for_a_template),
    (jinja2.UndefinedError, for_a_template_s_name),
    (jinja2.TemplateError, for_a_tag),
    (InvalidRequestError, for_a_column),
    (TypeError, for_an_argument),
]
