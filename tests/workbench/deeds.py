"""What an app did while it answered: its queries, passwords, logins, messages and templates."""

import contextlib
import functools
import logging
import sys
import traceback
import weakref
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import bcrypt
import flask
import flask_login
from blinker import Signal
from flask import message_flashed, template_rendered
from flask_login import user_logged_in, user_logged_out, user_unauthorized
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException


@dataclass
class Deeds:
    """What was seen during one visit, redirects included."""

    asked: list = field(default_factory=list)  # conditions of queries: WHERE user.id = ?
    found: bool = False  # a query gave a row of a model
    added: bool = False  # db.session.add() with something new
    committed: bool = False
    written: list = field(default_factory=list)  # (INSERT or UPDATE statement, its values)
    refused: str = ""  # by the database, in its own words
    hashed: list = field(default_factory=list)  # passwords, as bcrypt got them
    broken: str = ""  # what bcrypt said when it refused to compare
    checked: list = field(default_factory=list)  # (password, whether it fits the hash)
    logged_in: bool = False
    logged_out: bool = False
    turned_away: bool = False  # by login_required
    flashed: list = field(default_factory=list)  # (message, category)
    templates: list = field(default_factory=list)  # files, in the order of rendering
    redirects: list = field(default_factory=list)  # (where redirect() was asked to lead, stack)
    form_errors: dict = field(default_factory=dict)  # of Flask-WTF: {field: messages}
    caught: list = field(default_factory=list)  # errors that an error handler has answered
    said: list = field(default_factory=list)  # what was logged or printed

    @property
    def message(self):
        """The last message that flash() was given, as it is shown in `got`; or nothing."""
        if not self.flashed:
            return ""
        words, category = self.flashed[-1]
        return f'"{words}"' + (f' in the category "{category}"' if category != "message" else "")


WATCHED = ContextVar("deeds", default=None)  # an app runs in a copy of the context of its visitor


@contextlib.contextmanager
def watched():
    """Yield the Deeds that are filled in while the block runs, within `watching()`."""
    deeds = Deeds()
    before, streams = WATCHED.set(deeds), (sys.stdout, sys.stderr)
    sys.stdout, sys.stderr = (Overheard(stream, deeds.said) for stream in streams)
    try:
        yield deeds
    finally:
        sys.stdout, sys.stderr = streams
        WATCHED.reset(before)


@contextlib.contextmanager
def watching():
    """Note what no signal reports, too: the arguments of bcrypt, and log lines."""
    hashpw, checkpw = bcrypt.hashpw, bcrypt.checkpw

    @functools.wraps(hashpw)
    def hashing(password, salt):
        deeds = WATCHED.get()
        with told_to(deeds):
            made = hashpw(password, salt)
        if deeds:
            is_check = len(salt) == len(made)
            deeds.checked += [(text(password), made == salt)] if is_check else []
            deeds.hashed += [text(password)] if not is_check else []
        return made

    @functools.wraps(checkpw)
    def checking(password, hashed_password):
        deeds = WATCHED.get()
        with told_to(deeds):
            fits = checkpw(password, hashed_password)
        if deeds:
            deeds.checked.append((text(password), fits))
        return fits

    make_record = logging.getLogRecordFactory()

    def recording(*args, **kwargs):
        record = make_record(*args, **kwargs)
        if deeds := WATCHED.get():
            with contextlib.suppress(Exception):  # logging reports a wrong format on its own
                deeds.said.append(record.getMessage())
        return record

    with mock.patch.multiple(bcrypt, hashpw=hashing, checkpw=checking):
        logging.setLogRecordFactory(recording)
        try:
            yield
        finally:
            logging.setLogRecordFactory(make_record)


@contextlib.contextmanager
def told_to(deeds):
    """Note what bcrypt says when it refuses its arguments."""
    try:
        yield
    except (ValueError, TypeError) as error:
        if deeds:
            deeds.broken = str(error)
        raise


class Overheard:
    """A stream that notes what is written to it."""

    def __init__(self, stream, heard):
        """Take the place of this stream, and add what is written to the list `heard`."""
        self.stream, self.heard = stream, heard

    def write(self, words):
        """Write the words, and note them."""
        self.heard.append(words)
        return self.stream.write(words)

    def __getattr__(self, name):
        return getattr(self.stream, name)


def watch(app):
    """Note where an app redirects to, and which errors its error handlers answer."""
    redirect, handle = app.redirect, app.handle_user_exception

    @functools.wraps(redirect)
    def redirecting(location, *args, **kwargs):
        if deeds := WATCHED.get():
            stack = traceback.walk_stack(sys._getframe(1))
            deeds.redirects.append((location, [(f.f_code.co_filename, n) for f, n in stack]))
        return redirect(location, *args, **kwargs)

    @functools.wraps(handle)
    def handling(error):
        if (deeds := WATCHED.get()) and not isinstance(error, HTTPException):
            deeds.caught.append(error)
        return handle(error)

    app.redirect, app.handle_user_exception = redirecting, handling
    watch_forms()


@functools.cache
def watch_forms():
    """Note why forms of WTForms refuse what was sent; called once an app is loaded."""
    if "wtforms" not in sys.modules:
        return
    form = sys.modules["wtforms"].form.BaseForm
    validate = form.validate

    @functools.wraps(validate)
    def validating(self, *args, **kwargs):
        valid = validate(self, *args, **kwargs)
        if (deeds := WATCHED.get()) and not valid:
            deeds.form_errors.update(self.errors)
        return valid

    form.validate = validating


def text(password):
    """Return what bcrypt got as text."""
    return password.decode("utf-8", "backslashreplace")


def noting(name):
    """Return a listener that notes that something happened."""

    def note(*_, **__):
        if deeds := WATCHED.get():
            setattr(deeds, name, True)

    return note


def note_query(_connection, _cursor, statement, values, *_):
    """Note the condition of a query, or a query without one; and what is written."""
    before, where, condition = " ".join(statement.split()).partition(" WHERE ")
    if "SELECT" in before and (deeds := WATCHED.get()):
        deeds.asked.append(f"WHERE {condition}" if where else before)
    elif before.startswith(("INSERT", "UPDATE", "REPLACE")) and (deeds := WATCHED.get()):
        deeds.written.append((before, values))


def note_refusal(context):
    """Note what the database said when it refused a statement."""
    if deeds := WATCHED.get():
        deeds.refused = str(context.original_exception)


def note_message(_app, message, category):
    """Note what flash() was given."""
    if deeds := WATCHED.get():
        deeds.flashed.append((str(message), category))


def note_template(_app, template, **_):
    """Note the file of a template that was rendered."""
    if template.filename and (deeds := WATCHED.get()):
        deeds.templates.append(Path(template.filename))


def listeners():
    """Return (signal, receiver) of all who listen to Flask and Flask-Login."""
    named = (*vars(flask.signals).values(), *vars(flask_login.signals).values())
    signals = [signal for signal in named if isinstance(signal, Signal)]
    found = [(signal, ref) for signal in signals for ref in signal.receivers.values()]
    return {(signal, ref() if isinstance(ref, weakref.ref) else ref) for signal, ref in found}


# Listeners stay, because adding and removing them takes longer than a visit.
event.listen(Engine, "before_cursor_execute", note_query)
event.listen(Engine, "handle_error", note_refusal)
event.listen(Session, "loaded_as_persistent", noting("found"))
event.listen(Session, "transient_to_pending", noting("added"))
event.listen(Session, "after_commit", noting("committed"))
message_flashed.connect(note_message)
template_rendered.connect(note_template)
for signal, name in [
    (user_logged_in, "logged_in"),
    (user_logged_out, "logged_out"),
    (user_unauthorized, "turned_away"),
]:
    signal.connect(noting(name), weak=False)
