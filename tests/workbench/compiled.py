"""Keep compiled templates, because each test loads its own copy of the same files."""

import contextlib
import functools
from unittest import mock

from jinja2 import Environment

COMPILE = Environment.compile


@contextlib.contextmanager
def compiling_once(known):
    """Let Jinja compile each text only once while the block runs; `known` holds its code."""

    @functools.wraps(COMPILE)
    def compiled(environment, source, *place, **options):
        if options or not isinstance(source, str):  # as no template of Flask is compiled
            return COMPILE(environment, source, *place, **options)
        key = type(environment), environment.lexer, bool(environment.autoescape), source, place
        if key not in known:
            known[key] = COMPILE(environment, source, *place)
        return known[key]

    with mock.patch.object(Environment, "compile", compiled):
        yield
