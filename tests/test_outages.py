"""Outages under gunicorn: several workers, a database or a counter that fails, and comes back."""

import contextlib
import http.client
import os
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path

import pytest
import sqlalchemy
from workbench.people import ANOTHER_PASSWORD, PASSWORD
from workbench.postgresql import new_database

FINAL = Path(__file__).parents[1] / "final"
resource = pytest.importorskip("resource", reason="limits of processes are those of Unix")
REDIS = os.environ.get("WORKBOOK_REDIS", "redis://127.0.0.1:6379/9")
PATIENCE = 120  # seconds, after which a server counts as stuck
WORKERS = 4


class Server:
    """final/ under gunicorn, in production, and what a browser does there."""

    def __init__(self, process, address, database):
        """Keep what can be done to it."""
        self.process, self.address, self.database = process, address, database

    def fetch(self, path, form=None, cookie=""):
        """Return the status, the headers, and the page."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        headers["X-Forwarded-For"] = str(ip_address(secrets.token_bytes(4)))  # another visitor
        body = urllib.parse.urlencode(form) if form else None
        with contextlib.closing(connection):
            connection.request("POST" if form else "GET", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def send(self, path, **form):
        """Open a form and send it; return the status and the headers."""
        _, headers, page = self.fetch(path)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        cookie = headers["Set-Cookie"].partition(";")[0]
        return self.fetch(path, form | {"csrf_token": token}, cookie)[:2]

    def register(self, name):
        """Register a user; return the status and the headers."""
        return self.send("/register", username=name, password=PASSWORD, password_again=PASSWORD)

    def log_in(self, name="ada", password=PASSWORD):
        """Log in; return the status."""
        return self.send("/login", username=name, password=password)[0]

    def names(self):
        """Return the names of all users, read past the app."""
        engine = sqlalchemy.create_engine(
            self.database.replace("postgresql:", "postgresql+psycopg:")
        )
        with engine.connect() as connection:
            names = set(connection.scalars(sqlalchemy.text('SELECT username FROM "user"')))
        engine.dispose()
        return names

    def limit_files(self, size):
        """Let no worker write past this size of a file: to SQLite, as if the disk were full."""
        for worker in self.workers():
            resource.prlimit(worker, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def workers(self):
        """Return the processes of the workers."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]


@pytest.fixture
def serve(tmp_path):
    """Return a function that starts a server with settings."""
    pytest.importorskip("gunicorn", reason="gunicorn, which serves the app, is not installed")
    if sys.platform != "linux":
        pytest.skip("what is done to processes here is Linux's")
    with contextlib.ExitStack() as stack:

        def serve(**more):
            with socket.create_server(("127.0.0.1", 0)) as free:
                address = "127.0.0.1:{1}".format(*free.getsockname())
            settings = {
                "SECRET_KEY": secrets.token_hex(32),
                "DATABASE_URL": f"sqlite:///{tmp_path / 'site.db'}",
                "BCRYPT_LOG_ROUNDS": "10",
            } | more
            environ = os.environ | settings
            base = [sys.executable, "-m"]
            subprocess.run(
                [*base, "flask", "--app", FINAL / "app.py", "init-db"], env=environ, check=True
            )
            words = ["--chdir", FINAL, "--workers", str(WORKERS), "--bind", address]
            command = [*base, "gunicorn", *words, "app:create_app()"]
            process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            server = Server(process, address, settings["DATABASE_URL"])
            until(lambda: server.fetch("/")[0] == 200)
            return server

        yield serve


class Relay:
    """Is between the app and a server, and hands on what they say, until it is told not to.

    When it is silent, it keeps everything to itself; when it is gone, it ends every connection.
    """

    def __init__(self, address):
        """Listen for connections to this server."""
        self.far, self.is_gone, self.speaks, self.ends = address, False, threading.Event(), []
        self.speaks.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        """Take connections until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                if self.is_gone:
                    near.close()
                    continue
                far = socket.create_connection(self.far)
                self.ends += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self.hand_on, args=pair, daemon=True).start()

    def hand_on(self, source, target):
        """Send to one end what comes from the other."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.speaks.wait()
                target.sendall(data)
        self.end(source, target)

    def end(self, *ends):
        """End connections, and what waits for them."""
        for one in ends:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def become(self, state):
        """Become silent, gone, or as it was."""
        self.is_gone = state == "gone"
        if self.is_gone:
            self.end(*self.ends)
        (self.speaks.clear if state == "silent" else self.speaks.set)()


@pytest.fixture
def postgresql():
    """The address of a database of its own, and a connection to its server."""
    with new_database() as address_and_connection:
        yield address_and_connection


@pytest.fixture
def relayed(postgresql):
    """A relay to PostgreSQL, and the address of a database behind it."""
    parts = urllib.parse.urlsplit(postgresql[0])
    relay = Relay((parts.hostname, parts.port or 5432))
    who, at, _ = parts.netloc.rpartition("@")
    yield relay, parts._replace(netloc=f"{who}{at}127.0.0.1:{relay.port}").geturl()
    relay.become("gone")
    relay.end(relay.listener)


def until(is_so):
    """Wait until something is so; a server that refuses the connection is asked again."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if is_so():
                return
        time.sleep(0.1)
    pytest.fail("the server has not recovered")


@pytest.fixture
def counters():
    """Return the address of an empty Redis database that no one else uses."""
    redis = pytest.importorskip("redis", reason="the driver of Redis is not installed")
    with redis.from_url(REDIS, socket_timeout=3) as client:
        try:
            client.ping()
        except redis.ConnectionError:
            pytest.skip(f"Redis does not answer at {REDIS} (or set WORKBOOK_REDIS)")
        if client.dbsize():
            pytest.skip(f"{REDIS} is not empty")
        yield REDIS
        client.flushdb()


def test_four_workers_count_together(serve, counters):
    """Ten wrong passwords an hour, whichever worker saw them, and those under way by then."""
    server = serve(RATELIMIT_STORAGE_URI=counters)
    assert server.register("ada")[0] == 302
    with ThreadPoolExecutor(WORKERS) as pool:
        wrong = [*pool.map(lambda _: server.log_in(password=ANOTHER_PASSWORD), range(24))]

    assert set(wrong) == {200, 429}
    assert 10 <= wrong.count(200) < 10 + WORKERS  # each is counted when it has been answered
    assert server.log_in() == 429


@pytest.mark.parametrize("state", ["silent", "gone"])
def test_postgresql_that_is_away_is_503_until_it_is_back(serve, relayed, state):
    """Pages that need no database are there; nothing that was refused is stored afterwards."""
    relay, address = relayed
    server = serve(DATABASE_URL=address, TRUSTED_PROXIES="1")
    assert server.register("ada")[0] == 302
    relay.become(state)
    with ThreadPoolExecutor(WORKERS) as pool:
        refused = [*pool.map(server.register, [f"grace-{one}" for one in range(2 * WORKERS)])]

    assert [status for status, _ in refused] == [503] * 2 * WORKERS
    assert {headers["Retry-After"] for _, headers in refused} == {"5"}
    assert server.fetch("/")[0] == 200
    relay.become("there")
    until(lambda: server.log_in() == 302)
    assert {server.log_in(f"grace-{one}") for one in range(2 * WORKERS)} == {200}


def test_a_read_only_database_is_503_until_it_is_not(serve, postgresql, relayed):
    """Nothing is stored meanwhile, and logging in, which stores a login, is refused, too."""
    (_, connection), (relay, address) = postgresql, relayed
    name = address.rpartition("/")[2]
    server = serve(DATABASE_URL=address, TRUSTED_PROXIES="1")
    assert server.register("ada")[0] == 302
    connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    relay.become("gone")  # what is set counts for new connections
    relay.become("there")
    refused = [server.register("grace"), server.send("/login", username="ada", password=PASSWORD)]

    assert [(status, headers["Retry-After"]) for status, headers in refused] == [(503, "5")] * 2
    assert server.fetch("/")[0] == 200
    assert server.names() == {"ada"}
    connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
    relay.become("gone")
    relay.become("there")
    until(lambda: server.log_in() == 302)
    assert server.register("grace")[0] == 302


@pytest.mark.parametrize("state", ["silent", "gone"])
def test_without_redis_each_worker_counts_for_itself(serve, counters, state):
    """Everyone can log in meanwhile; guesses have a limit all the same, of each worker."""
    place = urllib.parse.urlsplit(counters)
    relay = Relay((place.hostname, place.port or 6379))
    server = serve(RATELIMIT_STORAGE_URI=f"redis://127.0.0.1:{relay.port}{place.path}")
    assert server.register("ada")[0] == 302
    relay.become(state)
    assert server.log_in() == 302
    with ThreadPoolExecutor(WORKERS) as pool:
        wrong = [*pool.map(lambda _: server.log_in(password=ANOTHER_PASSWORD), range(60))]

    assert set(wrong) == {200, 429}
    assert wrong.count(200) < 11 * WORKERS + WORKERS
    relay.end(relay.listener)


def test_a_full_disk_is_503_until_there_is_room(serve):
    """Nothing is stored meanwhile; what was stored is there, and nothing has to be restarted."""
    server = serve(TRUSTED_PROXIES="1")
    assert server.register("ada")[0] == 302
    server.limit_files(0)
    refused = [server.register(f"grace-{number}") for number in range(2 * WORKERS)]

    assert [status for status, _ in refused] == [503] * 2 * WORKERS
    assert {headers["Retry-After"] for _, headers in refused} == {"5"}
    assert server.fetch("/")[0] == 200
    assert server.names() == {"ada"}
    server.limit_files(resource.RLIM_INFINITY)
    assert server.register("grace-0")[0] == 302
    assert server.names() == {"ada", "grace-0"}
    assert server.log_in() == 302


def test_a_file_that_was_moved_away_is_503_until_it_is_back(serve, tmp_path):
    """Nothing is acknowledged that goes where no one will find it."""
    server, away = serve(TRUSTED_PROXIES="1"), tmp_path / "away"
    away.mkdir()
    for name in ("ada", *(f"of-worker-{number}" for number in range(2 * WORKERS))):
        assert server.register(name)[0] == 302
    there = server.names()
    files = [*tmp_path.glob("site.db*")]
    for file in files:
        file.rename(away / file.name)
    refused = [server.register(f"grace-{number}") for number in range(2 * WORKERS)]

    assert [status for status, _ in refused] == [503] * 2 * WORKERS
    assert {headers["Retry-After"] for _, headers in refused} == {"5"}
    assert server.fetch("/")[0] == 200
    for file in files:
        (away / file.name).replace(file)
    assert server.names() == there
    until(lambda: server.log_in() == 302)
    assert {server.register(f"grace-{number}")[0] for number in range(2 * WORKERS)} == {302}


def test_a_file_that_another_program_locks_is_503_until_it_lets_go(serve, tmp_path):
    """Those who wait get an answer, and a page that only reads has no need to wait."""
    server = serve(TRUSTED_PROXIES="1")
    assert server.register("ada")[0] == 302
    locked = sqlite3.connect(tmp_path / "site.db", isolation_level=None)
    locked.execute("BEGIN EXCLUSIVE")
    with ThreadPoolExecutor(WORKERS) as pool:
        refused = [*pool.map(server.register, [f"grace-{one}" for one in range(WORKERS)])]

    assert [status for status, _ in refused] == [503] * WORKERS
    assert {headers["Retry-After"] for _, headers in refused} == {"5"}
    assert server.log_in(password=ANOTHER_PASSWORD) == 200
    locked.execute("ROLLBACK")
    locked.close()
    assert server.log_in() == 302
    assert server.names() == {"ada"}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_was_acknowledged_outlives_killed_workers(serve, database, request):
    """Every user who was told so is there, whole; and the server goes on."""
    more = {"TRUSTED_PROXIES": "1"}
    if database == "postgresql":
        more["DATABASE_URL"] = request.getfixturevalue("postgresql")[0]
    server, acknowledged = serve(**more), set()

    def register(name):
        with contextlib.suppress(OSError, http.client.HTTPException, KeyError):
            if server.register(name)[0] == 302:
                acknowledged.add(name)

    with ThreadPoolExecutor(WORKERS) as pool:
        for number in range(5):
            names = [f"user-{number}-{one}" for one in range(2 * WORKERS)]
            under_way = [pool.submit(register, name) for name in names]
            under_way[number].result()  # now the others are in the middle of theirs
            for worker in server.workers()[:2]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)

    stored = server.names()
    assert acknowledged
    assert acknowledged <= stored
    until(lambda: server.register("ada")[0] == 302)
    assert {server.log_in(name) for name in stored | {"ada"}} == {302}
