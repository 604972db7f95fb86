"""Start an app a second time, and see whether everything that must not change is the same.

The second start is another process, with another hash seed, in another folder, on another
day, with the files that the first one has left. Run as a module, this file is that process.
"""

import atexit
import datetime
import json
import os
from dataclasses import dataclass, field

from workbench.attempt import Retold, attempt, describe, stack_of
from workbench.loader import AppCopy, cheap_salts, development
from workbench.second_process import PATIENCE, ask

LATER = datetime.timedelta(days=1, hours=1)
COOKIES = ("SESSION_COOKIE_NAME", "REMEMBER_COOKIE_NAME", "SESSION_COOKIE_PATH")
ANOTHER_FOLDER = "another-place"


@dataclass
class Start:
    """What an app was seen to hold, as text; `error` is what stopped the start."""

    key: str = ""  # the SECRET_KEY
    cookies: list = field(default_factory=list)  # their names
    addresses: list = field(default_factory=list)  # of the databases: their files
    users: list = field(default_factory=list)  # their names
    left: list = field(default_factory=list)  # the names after the app has ended
    found: str = ""  # the name of the user whom the user loader gives back for the id
    fits: bool = False  # the password is right for that user
    error: Retold | None = None


def seen_in(copy, name, user_id, password):
    """Return the Start of a loaded app: its key, its users, and what it knows about one user."""
    app, addresses = copy.app, [engine.url.database or "" for engine in copy.databases.engines]
    cookies = [str(app.config.get(name)) for name in COOKIES]
    seen = Start(key=repr(app.config["SECRET_KEY"]), cookies=cookies, addresses=addresses)
    with app.test_request_context():
        db = app.extensions.get("sqlalchemy")
        mappers = db.Model.registry.mappers if db else ()
        user = next((one.class_ for one in mappers if one.class_.__name__ == "User"), None)
        if user is None:
            return seen
        names = attempt(lambda: db.session.scalars(db.select(user.username)).all())
        seen.users = sorted(map(str, names.value or ()))
        loader = getattr(getattr(app, "login_manager", None), "_user_callback", None)
        seen.found = str(attempt(lambda: loader(user_id).username).value)
        query = db.select(user).filter_by(username=name)
        fits = attempt(lambda: db.session.scalars(query).first().check_password(password))
        seen.fits = fits.value is True
    return seen


def start_again(copy, **task):
    """Return the Start of an app in another process, which makes no new copy of it."""
    told = ask(path=str(copy.path), scratch=str(copy.scratch), **task)
    if not told:
        ended = f"the process ended while app.py loads, or gave no answer for {PATIENCE} s"
        return Start(error=Retold("SystemExit", ended, []))
    start = json.loads(told)
    return Start(**start | {"error": start["error"] and Retold(**start["error"])})


def retold(error):
    """Return what another process is told of an error."""
    return {"kind": type(error).__name__, "text": describe(error), "stack": stack_of(error)}


def answer(path, scratch, **task):
    """Start an app a day later, and return what was seen as JSON."""
    import time_machine  # not needed in the first process

    copy = AppCopy(path, scratch, started_in=ANOTHER_FOLDER)
    with cheap_salts():
        with time_machine.travel(datetime.datetime.now(datetime.UTC) + LATER):
            tried = copy.load()
        seen = Start(error=tried.error) if tried.error else seen_in(copy, **task)
        if not tried.error:
            atexit._run_exitfuncs()
            seen.left = seen_in(copy, **task).users
    return json.dumps(vars(seen) | {"error": seen.error and retold(seen.error)})


def main():
    """Run as the second process: read tasks, one on each line, and write the answers."""
    environment = development()
    os.environ.clear()
    os.environ.update(environment)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the app prints is not part of the answer
    for line in os.fdopen(os.dup(0), encoding="utf-8"):
        print(answer(**json.loads(line)), file=answers, flush=True)
    os._exit(0)  # ends what the apps have left running


if __name__ == "__main__":
    main()
