"""What an app did while it answered: what it asked, stored, checked, signed in and showed."""

import contextlib
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


@dataclass
class Deeds:
    """What was seen during one visit, redirects included."""

    asked: list = field(default_factory=list)  # conditions of queries: WHERE user.id = ?
    found: bool = False  # a query gave a row of a model
    added: bool = False  # db.session.add() with something new
    committed: bool = False
    refused: str = ""  # by the database, in its own words
    hashed: list = field(default_factory=list)  # passwords, as bcrypt got them
    checked: list = field(default_factory=list)  # (password, whether it fits the hash)
    logged_in: bool = False
    logged_out: bool = False
    turned_away: bool = False  # by login_required
    flashed: list = field(default_factory=list)  # messages, with the category if it has one
    templates: list = field(default_factory=list)  # files, in the order of rendering
    redirects: list = field(default_factory=list)  # where redirect() was asked to lead


WATCHED = ContextVar("deeds", default=None)  # an app runs in a copy of the context of its visitor


@contextlib.contextmanager
def watched(app):
    """Yield the Deeds of an app, which are filled in while the block runs."""
    deeds, hashpw, checkpw, redirect = Deeds(), bcrypt.hashpw, bcrypt.checkpw, app.redirect

    def hashing(password, salt):
        made = hashpw(password, salt)
        deeds.checked += [(text(password), made == salt)] if len(salt) == len(made) else []
        deeds.hashed += [text(password)] if len(salt) != len(made) else []
        return made

    def checking(password, hashed_password):
        fits = checkpw(password, hashed_password)
        deeds.checked.append((text(password), fits))
        return fits

    def redirecting(location, *args, **kwargs):
        deeds.redirects.append(location)
        return redirect(location, *args, **kwargs)

    before = WATCHED.set(deeds)
    with contextlib.ExitStack() as stack:
        stack.callback(WATCHED.reset, before)
        stack.enter_context(mock.patch.multiple(bcrypt, hashpw=hashing, checkpw=checking))
        stack.enter_context(mock.patch.object(app, "redirect", redirecting))
        yield deeds


def text(password):
    """Return what bcrypt got as text."""
    return password.decode("utf-8", "backslashreplace")


def noting(name):
    """Return a listener that notes that something happened."""

    def note(*_, **__):
        if deeds := WATCHED.get():
            setattr(deeds, name, True)

    return note


def note_query(_connection, _cursor, statement, *_):
    """Note the condition of a query, or a query without one."""
    before, where, condition = " ".join(statement.split()).partition(" WHERE ")
    if "SELECT" in before and (deeds := WATCHED.get()):
        deeds.asked.append(f"WHERE {condition}" if where else before)


def note_refusal(context):
    """Note what the database said when it refused a statement."""
    if deeds := WATCHED.get():
        deeds.refused = str(context.original_exception)


def note_message(_app, message, category):
    """Note what flash() was given."""
    if deeds := WATCHED.get():
        kind = "" if category == "message" else f' in the category "{category}"'
        deeds.flashed.append(f'"{message}"{kind}')


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


# Listeners stay: to add and remove them with each visit would take longer than the visit.
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
