"""What an app did while it answered: what it stored, checked, signed in and showed."""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import bcrypt
from flask import message_flashed, template_rendered
from flask_login import user_logged_in, user_logged_out, user_unauthorized
from sqlalchemy import event
from sqlalchemy.orm import Session


@dataclass
class Deeds:
    """What was seen during one visit, redirects included."""

    added: bool = False  # db.session.add() with something new
    committed: bool = False
    hashed: list = field(default_factory=list)  # passwords, as bcrypt got them
    checked: list = field(default_factory=list)  # (password, whether it fits the hash)
    logged_in: bool = False
    logged_out: bool = False
    turned_away: bool = False  # by login_required
    flashed: list = field(default_factory=list)  # messages
    templates: list = field(default_factory=list)  # files, in the order of rendering


@contextlib.contextmanager
def watched(app):
    """Yield the Deeds of an app, which are filled in while the block runs."""
    deeds, hashpw, checkpw = Deeds(), bcrypt.hashpw, bcrypt.checkpw

    def hashing(password, salt):
        made = hashpw(password, salt)
        deeds.checked += [(text(password), made == salt)] if len(salt) == len(made) else []
        deeds.hashed += [text(password)] if len(salt) != len(made) else []
        return made

    def checking(password, hashed_password):
        fits = checkpw(password, hashed_password)
        deeds.checked.append((text(password), fits))
        return fits

    def flashed(_app, message, **_):
        deeds.flashed.append(str(message))

    def rendered(_app, template, **_):
        deeds.templates += [Path(template.filename)] if template.filename else []

    def noting(name):
        return lambda *_, **__: setattr(deeds, name, True)

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.multiple(bcrypt, hashpw=hashing, checkpw=checking))
        for signal, note in [
            (message_flashed, flashed),
            (template_rendered, rendered),
            (user_logged_in, noting("logged_in")),
            (user_logged_out, noting("logged_out")),
            (user_unauthorized, noting("turned_away")),
        ]:
            stack.enter_context(signal.connected_to(note, app))
        for name, note in [
            ("transient_to_pending", noting("added")),
            ("after_commit", noting("committed")),
        ]:
            event.listen(Session, name, note)
            stack.callback(event.remove, Session, name, note)
        yield deeds


def text(password):
    """Return what bcrypt got as text."""
    return password.decode("utf-8", "backslashreplace")
