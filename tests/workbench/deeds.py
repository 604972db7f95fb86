"""What an app did while it answered: what it stored, checked, signed in and showed."""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import bcrypt
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
    hashed: list = field(default_factory=list)  # passwords, as bcrypt got them
    checked: list = field(default_factory=list)  # (password, whether it fits the hash)
    logged_in: bool = False
    logged_out: bool = False
    turned_away: bool = False  # by login_required
    flashed: list = field(default_factory=list)  # messages, with the category if it has one
    templates: list = field(default_factory=list)  # files, in the order of rendering
    redirects: list = field(default_factory=list)  # where redirect() was asked to lead


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

    def flashed(_app, message, category):
        kind = "" if category == "message" else f' in the category "{category}"'
        deeds.flashed.append(f'"{message}"{kind}')

    def asking(_connection, _cursor, statement, *_):
        before, where, condition = " ".join(statement.split()).partition(" WHERE ")
        deeds.asked += [f"WHERE {condition}" if where else before] if "SELECT" in before else []

    def rendered(_app, template, **_):
        deeds.templates += [Path(template.filename)] if template.filename else []

    def redirecting(location, *args, **kwargs):
        deeds.redirects.append(location)
        return redirect(location, *args, **kwargs)

    def noting(name):
        return lambda *_, **__: setattr(deeds, name, True)

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.multiple(bcrypt, hashpw=hashing, checkpw=checking))
        stack.enter_context(mock.patch.object(app, "redirect", redirecting))
        for signal, note in [
            (message_flashed, flashed),
            (template_rendered, rendered),
            (user_logged_in, noting("logged_in")),
            (user_logged_out, noting("logged_out")),
            (user_unauthorized, noting("turned_away")),
        ]:
            stack.enter_context(signal.connected_to(note, app))
        for target, name, note in [
            (Engine, "before_cursor_execute", asking),
            (Session, "loaded_as_persistent", noting("found")),
            (Session, "transient_to_pending", noting("added")),
            (Session, "after_commit", noting("committed")),
        ]:
            event.listen(target, name, note)
            stack.callback(event.remove, target, name, note)
        yield deeds


def text(password):
    """Return what bcrypt got as text."""
    return password.decode("utf-8", "backslashreplace")
