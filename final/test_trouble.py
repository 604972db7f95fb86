"""Trouble around the app: databases, servers, forgotten settings, older versions, and decisions."""

import io
import os
import re
import socket
import sys
from pathlib import Path

import pytest
import sqlalchemy
from click import ClickException
from workbench.people import ANOTHER_PASSWORD, PASSWORD

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
README = Path(__file__).with_name("README.md")
CHANGE = {"current_password": PASSWORD, "password": ANOTHER_PASSWORD}


def reset_path(site):
    """Return the path of a new reset link for ada."""
    printed = site.run("users", "reset-link", "ada").stdout
    return printed.strip().removeprefix("http://localhost")


def execute(site, *statements):
    """Run statements on the database of a site."""
    with site.app.app_context(), site.db.engine.begin() as connection:
        return [connection.execute(sqlalchemy.text(statement)) for statement in statements]


# The database


@ON_POSTGRESQL
def test_a_silent_database_is_given_up(load):
    """The page is there again as soon as the database is."""
    site = load([("settings.py", "DATABASE_PATIENCE = 3", "DATABASE_PATIENCE = 0.2")])
    home = site.app.view_functions["pages.home"]
    site.app.view_functions["pages.home"] = lambda: str(execute(site, "SELECT pg_sleep(30)"))
    response = site.visitor().client.get("/")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    site.app.view_functions["pages.home"] = home
    assert site.ada().get("/").opens()


@ON_POSTGRESQL
def test_a_lost_connection_is_replaced(site):
    """A restart of the database ends all connections; no one has to restart the app."""
    ada = site.ada()
    with site.app.app_context():
        elsewhere = sqlalchemy.create_engine(site.db.engine.url)
        me = "pid <> pg_backend_pid() AND datname = current_database()"
        with elsewhere.begin() as connection:
            query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {me}"  # noqa: S608
            connection.execute(sqlalchemy.text(query))
        elsewhere.dispose()

    assert ada.get("/welcome").says("Hello, ada")


@ON_SQLITE
def test_the_database_is_for_its_owner_only(site):
    """It holds the hashes."""
    with site.app.app_context():
        file = Path(site.db.engine.url.database)

    assert file.stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_a_database_that_is_away_at_a_stale_form_is_503(site):
    """The page that shows the form again asks who is logged in."""
    ada = site.ada()

    def refuse(*_words):
        raise sqlalchemy.exc.OperationalError("SELECT 1", {}, Exception("it does not answer"))

    with site.app.app_context():
        sqlalchemy.event.listen(site.db.engine, "before_cursor_execute", refuse)
    assert ada.client.post("/login").status_code == 503
    assert site.visitor().client.post("/login").status_code == 400


# Older versions


OLD = (
    'CREATE TABLE "user" (id {id}, username VARCHAR(32) NOT NULL UNIQUE, '
    "password_hash VARCHAR(60) NOT NULL, is_active BOOLEAN NOT NULL)",
    "CREATE TABLE login_session (id {id}, token VARCHAR(64) NOT NULL UNIQUE, user_id INTEGER "
    'NOT NULL REFERENCES "user" (id) ON DELETE CASCADE, started_at TIMESTAMP NOT NULL, '
    "expires_at TIMESTAMP NOT NULL, user_agent VARCHAR(200) NOT NULL)",
    "CREATE INDEX ix_login_session_user_id ON login_session (user_id)",
)


@pytest.fixture
def old(load):
    """A site whose database an older version has made, with ada in it."""
    site = load(production=True, tables=False)
    with site.app.app_context():
        is_sqlite = site.db.engine.dialect.name == "sqlite"
        user_hash = site.bcrypt.generate_password_hash(PASSWORD).decode()
    key = "INTEGER PRIMARY KEY" if is_sqlite else "SERIAL PRIMARY KEY"
    row = f"INSERT INTO \"user\" VALUES (7, 'ada', '{user_hash}', true)"  # noqa: S608
    execute(site, *(statement.format(id=key) for statement in OLD), row)
    return site, "SQLite" if is_sqlite else "PostgreSQL"


def test_init_db_says_that_a_database_is_older(old):
    """It says what is missing and where to read on, and changes nothing."""
    site, _ = old
    result = site.run("init-db")

    assert result.exit_code == 1
    assert re.fullmatch(
        r"Error: An older version made this database: (user|login_session) has no version\. "
        r"See final/README\.md\.\n",
        result.output,
    )
    assert execute(site, 'SELECT count(*) FROM "user"')[0].connection.closed


def test_the_readme_brings_an_older_database_up_to_date(old):
    """Its statements, and `init-db` after them: users stay, and everybody logs in again."""
    site, kind = old
    blocks = re.findall(
        rf"^\*\*{kind}\*\*\n```sql\n(.*?)^```", README.read_text("utf-8"), re.M | re.S
    )
    assert blocks
    before, _, after = blocks[0].partition("-- flask init-db\n")
    for part in (before, after):
        execute(site, *(one for one in part.split(";") if one.strip()))
        assert site.run("init-db").output == "The database is ready.\n"

    assert site.log_in().says("Hello, ada")
    assert site.count(site.User, id=7, version=1) == 1
    site.register("grace")
    assert site.count(site.User, id=8) == 1 or kind == "PostgreSQL"


# Servers and settings


@ON_SQLITE
def test_development_is_for_the_flask_command_only(load):
    """FLASK_DEBUG, forgotten in the environment of a server, opens nothing (ASVS 13.4.2)."""
    forgotten = {"FLASK_DEBUG": "1", "FLASK_RUN_FROM_CLI": "", "BCRYPT_LOG_ROUNDS": "10"}
    with pytest.raises(ClickException, match="SECRET_KEY is not set"):
        load(**forgotten)
    site = load(tables=False, SECRET_KEY="3d1f8a2b9c7e6054" * 4, **forgotten)

    assert not site.app.debug
    assert site.app.config["SESSION_COOKIE_NAME"] == "__Host-session"
    evil = site.visitor().client.get("/", headers={"Host": "evil.example"})
    assert evil.status_code == 400


def warnings(caplog):
    """Return what was logged as a warning by the app."""
    found = [record for record in caplog.records if record.name == "app"]
    return [record.getMessage() for record in found if record.levelname == "WARNING"]


def test_forgotten_settings_are_told_once(load, caplog):
    """One line for the proxy, and one for workers that count apart."""
    site = load(production=True)
    for _ in range(3):
        site.visitor().client.get("/", headers={"X-Forwarded-For": "10.0.0.1"})

    assert warnings(caplog) == [
        "A proxy names the visitors, and is ignored: TRUSTED_PROXIES is not set.",
        "Each worker counts attempts for itself: RATELIMIT_STORAGE_URI is not set.",
    ]


def test_a_proxy_that_is_known_is_no_trouble(load, caplog):
    """Nor is one worker in development."""
    site = load(TRUSTED_PROXIES="1")
    site.visitor().client.get("/", headers={"X-Forwarded-For": "10.0.0.1"})

    assert warnings(caplog) == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("driver", "settings"),
    [
        ("psycopg", {"DATABASE_URL": "postgresql://ada@db.example/site"}),
        ("redis", {"RATELIMIT_STORAGE_URI": "redis://127.0.0.1:1"}),
    ],
)
def test_a_missing_driver_is_a_sentence(load, monkeypatch, driver, settings):
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(
        ClickException, match=r" run: pip install -r final/requirements\.txt$"
    ) as it:
        load(**settings)

    assert driver in it.value.message


@ON_SQLITE
def test_a_folder_that_does_not_exist_is_a_sentence(load, tmp_path):
    """The one in which the database was to be."""
    with pytest.raises(ClickException, match=r"No such file or directory.*Is that address right\?"):
        load(DATABASE_URL=f"sqlite:///{tmp_path / 'nowhere' / 'site.db'}")


class InvalidChunkSize(Exception):
    """What gunicorn raises; Werkzeug would make 400 of an OSError by itself."""


class Broken(io.BytesIO):
    """A body as a server reads it whose client has sent half a chunk."""

    def read(self, *_size):
        """Raise what a server raises."""
        raise InvalidChunkSize

    readline = readinto = read


@pytest.mark.parametrize("path", ["/login", "/register", "/logout", "/account/password"])
def test_a_body_that_breaks_off_is_400(site, path):
    """Whatever the server raises while the body is read."""
    response = site.visitor().client.post(
        path,
        input_stream=Broken(b"username=ada"),
        content_type="application/x-www-form-urlencoded",
        headers={"Content-Length": "100"},
    )

    assert response.status_code == 400


@ON_SQLITE
def test_a_silent_redis_is_given_up(load):
    """It takes the connection and says nothing; then the worker counts for itself."""
    pytest.importorskip("redis", reason="the driver of Redis is not installed")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        site = load(RATELIMIT_STORAGE_URI=f"redis://127.0.0.1:{port}")
        site.register()
        answers = [site.log_in(password=ANOTHER_PASSWORD).status[:3] for _ in range(11)]

    assert answers == ["200"] * 10 + ["429"]


# Decisions


def test_a_new_password_is_a_new_one(site):
    """A user who changes it because it is known wants another one."""
    page = site.fill_in(site.ada(), "/account/password", **CHANGE | {"password": PASSWORD})

    assert page.says("That is the password you have. Choose another one.")


def test_a_deleted_name_is_free_at_once(site):
    """Nothing is kept, not even the name; and nothing of the old account opens the new one."""
    old, path = site.ada(remember="y"), reset_path(site)
    copied = {name: old.client.get_cookie(name).value for name in ("session", "remember_token")}
    known = old.client.get_cookie("known").value
    site.fill_in(old, "/account/delete", current_password=PASSWORD)
    assert site.register(password=ANOTHER_PASSWORD).at("/login")

    for name, value in copied.items():
        thief = site.visitor()
        thief.client.set_cookie(name, value)
        assert thief.get("/welcome").at("/login")
    assert site.visitor().get(path).status.startswith("404")
    accounts = sys.modules["accounts"]
    with site.app.test_request_context(headers={"Cookie": f"known={known}"}):
        assert accounts.known_mark(accounts.find_user("ada")) == ""


def test_a_reset_link_is_for_active_users(site):
    """A deactivated user gets none, and one that was made before ends."""
    site.register()
    path = reset_path(site)
    site.run("users", "deactivate", "ada")
    result = site.run("users", "reset-link", "ada")

    assert result.exit_code == 1
    assert "ada is deactivated. See: flask users activate" in result.output
    assert site.visitor().get(path).status.startswith("404")
    site.run("users", "activate", "ada")
    assert site.visitor().get(path).status.startswith("404")
    path = reset_path(site)
    assert site.visitor().get(path).opens()
    site.change(site.User, is_active=False)  # even if it was done by hand
    assert site.visitor().get(path).status.startswith("404")


def test_a_user_has_twenty_logins_at_a_time(site):
    """The oldest one ends."""
    first, second = site.ada(), site.ada()
    for _ in range(19):
        site.ada()

    assert site.count(site.LoginSession) == 20
    assert first.get("/welcome").at("/login")
    assert second.get("/welcome").says("Hello, ada")
