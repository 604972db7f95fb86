"""Call a learner's code so that nothing it does can stop or hang a checkpoint."""

import contextvars
import ctypes
import re
import sys
import threading
import traceback
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateSyntaxError
from werkzeug.exceptions import BadRequestKeyError

from workbench.suggest import suggestion

PATIENCE = 10  # seconds
IMPATIENCE = 2  # seconds, once something has hung: the rest of the run stays short


class Observed(Exception):
    """An error whose text was written by us, and is shown unchanged."""


class CannotLoad(Observed):
    """There is nothing to load, or it cannot be an app; the text says what was seen."""

    def __init__(self, seen, hint=None, file=None):
        """Keep what was seen, a hint at the way out, and the file that was found, if any."""
        super().__init__(seen)
        self.hint, self.file = hint, file


class EndedPython(Observed):
    """The code would have ended Python at once, and with it the run that checks it."""

    def __init__(self, status=0):
        """Say how; the status is what os._exit() was given."""
        super().__init__(f"os._exit({status!r}) ends Python at once, without a report")


class StillRunning(Observed):
    """The call took longer than it may; `stack` says where it was, outermost frame first."""

    def __init__(self, seconds, stack):
        """Remember the seconds waited and the (filename, line number) pairs of the stack."""
        super().__init__(f"no answer after {seconds} s")
        self.stack = stack


class Retold(Observed):
    """An error of another process: the name of its type, its description, and its stack."""

    def __init__(self, kind, text, stack):
        """Keep what is known of it; the stack is a list of (filename, line number)."""
        super().__init__(text)
        self.kind = kind
        self.stack = [tuple(place) for place in stack]


@dataclass
class Attempt:
    """The result of a call: the value it returned, or the error it raised."""

    value: Any = None
    error: BaseException | None = None
    function: Any = None  # what was called

    def __str__(self):
        """Say what was observed, for the `got` line of a message."""
        if self.error:
            return describe(self.error)
        try:
            return repr(self.value)
        except Exception:  # a learner's __repr__ may break, too
            return f"a {type(self.value).__name__}"


class _Patience:
    """How long the next call may take, in seconds."""

    seconds = PATIENCE


def attempt(function, *args, **kwargs):
    """Call the function in a thread of its own and return an Attempt; never raises.

    SystemExit counts as an error like any other. A call that is still running after
    PATIENCE seconds is told to stop and reported as StillRunning.
    """
    result = Attempt(function=function)
    context = contextvars.copy_context()

    def work():
        try:
            result.value = context.run(function, *args, **kwargs)
        except BaseException as error:  # sys.exit() in app.py must not end the run
            result.error = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(_Patience.seconds)
    if thread.is_alive():
        late = Attempt(None, StillRunning(_Patience.seconds, _stack_of(thread)), function)
        _stop(thread)
        _Patience.seconds = IMPATIENCE
        return late
    return result


def describe(error):
    """Return the error as one line: its type, the first line of its message, and a close name."""
    if isinstance(error, Observed):
        return str(error)
    told, asked = told_by(error), suggestion(error)
    if not asked or asked in told or "Did you mean" in told:
        return told
    return f"{told.rstrip('.')}. {asked}"


def told_by(error):
    """Return the type of an error and the first line of its message."""
    if isinstance(error, BadRequestKeyError):  # its text is a whole page about HTTP
        return f"BadRequestKeyError: {error.args[0]!r}" if error.args else "BadRequestKeyError"
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:  # a learner's __str__ may break, too
        text = ""
    if isinstance(error, TemplateSyntaxError):  # whose guess may be wrong
        text = re.sub(r" (You probably|Jinja (is expecting|was looking)) .*?\.(?= |$)", "", text)
    if "did not return a valid response" in text:  # its second sentence lists what would be one
        text = re.sub(r"\. The return type must be .* but it was", ", but", text)
    text = re.sub(r"[\w.]+\.<locals>\.", "", text)  # the function around a function is left out
    if isinstance(error, ImportError):
        text = text.replace(f" ({error.path or 'unknown location'})", "")  # of a library, the copy
    return ": ".join([type(error).__name__, *text.strip().splitlines()[:1]])


def stack_of(error):
    """Return (filename, line number) of each frame that the error came through."""
    if isinstance(error, StillRunning | Retold):
        return error.stack
    stack = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        stack.append((error.filename, error.lineno or 0))
    return stack


def _stack_of(thread):
    """Return where a running thread is, outermost frame first."""
    frame = sys._current_frames().get(thread.ident)
    return [(f.f_code.co_filename, line) for f, line in traceback.walk_stack(frame)][::-1]


def _stop(thread):
    """Raise SystemExit in the thread, so that an endless loop does not slow the other tests."""
    ident = ctypes.c_ulong(thread.ident)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))
