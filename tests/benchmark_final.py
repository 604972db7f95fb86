"""Measure what final/ costs: the part of tests/benchmark.py that `final` calls.

CPU is a ratio to what can't be saved, measured in turns in one process, so that a slow or busy
machine slows both. Only the logins per second are those of this machine.
"""

import contextlib
import http.client
import os
import re
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bcrypt
import flask
import flask_login
import flask_sqlalchemy
import flask_wtf
from workbench.course import ROOT
from workbench.loader import opened
from workbench.people import PASSWORD
from workbench.site import Site

ROUNDS, PAGES = 15, 100
FEW, WORKERS = 1000, (1, 2, 4)
LOGINS_AT_ONCE, WHILE = 8, 10  # seconds
GUNICORN = [sys.executable, "-m", "gunicorn", "--chdir", str(ROOT / "final"), "--log-level=error"]

UNLIMITED = """
from app import create_app
from models import create_tables

app = create_app()
next(iter(app.extensions["limiter"])).enabled = False
with app.app_context():
    create_tables()
"""


def cpu(deed, times):
    """Return how much CPU it takes to do something so many times, in seconds."""
    begun = time.process_time()
    for _ in range(times):
        deed()
    return time.process_time() - begun


def ratios(deed, other, times=1):
    """Return what the first takes in multiples of the second, for each round."""
    deed(), other()
    return [cpu(deed, times) / cpu(other, times) for _ in range(ROUNDS)]


@contextlib.contextmanager
def loaded():
    """Yield final/, loaded from a copy, with ada in it; nothing is limited or logged."""
    with opened(ROOT / "final") as copy:
        os.environ["SERVER_NAME"] = "localhost"
        site = Site(copy)
        site.app.logger.disabled = True
        next(iter(site.app.extensions["limiter"])).enabled = False
        site.register()
        yield site


def logging_in(site):
    """Return a function that sends the login form of ada."""
    client = site.visitor().client
    token = token_of(client.get("/login").text)
    cookie = client.get_cookie("session").value
    form = {"username": "ada", "password": PASSWORD, "csrf_token": token}

    def log_in():
        client.set_cookie("session", cookie)
        assert client.post("/login", data=form).status_code == 302

    return log_in


def token_of(page):
    """Return the token of a form."""
    return re.search(r'name="csrf_token" value="([^"]+)"', page)[1]


def opening_bare(folder):
    """Return a function that opens the same page, of an app that only loads its user."""
    app = flask.Flask("bare", template_folder=ROOT / "final/templates")
    app.config |= {"SECRET_KEY": "bare", "SITE_NAME": "Bare"}
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder}/bare.db"
    flask_wtf.CSRFProtect(app)  # the page has a form
    db, login_manager = flask_sqlalchemy.SQLAlchemy(app), flask_login.LoginManager(app)

    class User(flask_login.UserMixin, db.Model):
        id = db.Column(db.Integer, primary_key=True)
        username = db.Column(db.String(32))
        password_hash = db.Column(db.String(60))

    login_manager.user_loader(lambda number: db.session.get(User, int(number)))
    welcome = flask_login.login_required(lambda: flask.render_template("welcome.html"))
    pages = flask.Blueprint("pages", "bare")
    for name in ("home", "welcome", "account_page", "logout"):
        pages.add_url_rule(f"/{name}", name, welcome)
    app.register_blueprint(pages)
    with app.app_context():
        db.create_all()
        db.session.add(User(username="ada", password_hash=bcrypt.gensalt().decode()))
        db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(_user_id="1", _fresh=True)
    assert "Hello, ada" in client.get("/welcome").text
    return lambda: client.get("/welcome")


def opening(site):
    """Return a function that opens the page of ada, who is logged in."""
    client = site.ada().client
    return lambda: client.get("/welcome")


def fill(site, there, count):
    """Store users, with a login each, until there are so many."""
    with site.app.app_context(), site.db.engine.begin() as connection:
        for model in (site.User, site.LoginSession):
            table = model.__table__
            row = connection.execute(table.select()).first()._asdict()
            for first in range(there + 1, count + 1, 10_000):
                numbers = range(first, min(first + 10_000, count + 1))
                connection.execute(table.insert(), [row | another(row, one) for one in numbers])


def another(row, number):
    """Return in what the row of another user, or of their login, differs from this one."""
    if "username" in row:
        return {"id": number, "username": f"user-{number}"}
    return {"id": number + 1_000, "user_id": number, "token": secrets.token_urlsafe()}


@contextlib.contextmanager
def serving(workers, folder):
    """Serve final/ with so many workers of gunicorn, without limits; yield its address."""
    Path(folder, "unlimited.py").write_text(UNLIMITED, "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = "127.0.0.1:{1}".format(*free.getsockname())
    words = [*("--pythonpath", folder, "--bind", address), f"--workers={workers}", "unlimited:app"]
    more = {"SECRET_KEY": secrets.token_hex(32), "DATABASE_URL": f"sqlite:///{folder}/site.db"}
    server = subprocess.Popen([*GUNICORN, *words], env=os.environ | more, stderr=subprocess.DEVNULL)
    try:
        until_it_answers(address)
        yield address
    finally:
        server.terminate()
        server.wait()


def until_it_answers(address):
    """Wait for a server, at most two minutes."""
    for _ in range(240):
        with contextlib.suppress(OSError):
            return fetch(address, "/")
        time.sleep(0.5)
    raise SystemExit("gunicorn does not answer. Run: pip install -r final/requirements.txt")


def fetch(address, path, form=None, cookie=""):
    """Return the status, the page and the session cookie of an answer."""
    connection = http.client.HTTPConnection(address, timeout=120)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    body = urllib.parse.urlencode(form) if form else None
    connection.request("POST" if form else "GET", path, body, headers)
    with contextlib.closing(connection), connection.getresponse() as answer:
        cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
        return answer.status, answer.read().decode(), cookie


def send(address, path, **form):
    """Open a form and send it, as a browser does; raise AssertionError unless it is accepted."""
    _, page, cookie = fetch(address, path)
    status, _, _ = fetch(address, path, form | {"csrf_token": token_of(page)}, cookie)
    assert status == 302, status


def logins_per_second(workers):
    """Return how many logins so many workers take in a second, from eight browsers at once."""
    with tempfile.TemporaryDirectory() as folder, serving(workers, folder) as address:
        user = {"username": "ada", "password": PASSWORD}
        send(address, "/register", **user, password_again=PASSWORD)
        begun, ended = time.perf_counter(), []

        def keep_logging_in(_number):
            while time.perf_counter() < begun + WHILE:
                send(address, "/login", **user)
                ended.append(time.perf_counter())

        with ThreadPoolExecutor(LOGINS_AT_ONCE) as pool:
            list(pool.map(keep_logging_in, range(LOGINS_AT_ONCE)))
        return len(ended) / (max(ended) - begun)


def measure(told, many):
    """Tell the CPU of a login and of a page, how they grow, and the logins per second."""
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(12))
    with loaded() as site, tempfile.TemporaryDirectory() as folder:
        log_in, page, bare = logging_in(site), opening(site), opening_bare(folder)
        logins = ratios(log_in, lambda: bcrypt.checkpw(PASSWORD.encode(), hashed))
        told("CPU of a login, in bcrypt.checkpw()", logins)
        told("CPU of a page, in that of a bare app", ratios(page, bare, PAGES))
        took = {}
        for there, count in ((1, FEW), (FEW, many)):
            fill(site, there, count)
            took[count] = statistics.median(ratios(page, bare, PAGES))
        growth = took[many] / took[FEW]
        print(f"a page with {many:,} users, each logged in: {growth:.2f} x one with {FEW:,}")
    for workers in WORKERS:
        rate, cores = logins_per_second(workers), os.cpu_count()
        print(f"{workers} workers on {cores} cores: {rate:.1f} logins per second", flush=True)
