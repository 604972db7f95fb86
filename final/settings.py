"""Settings: read from the environment, checked before the app starts."""

import secrets
from datetime import timedelta
from os import environ
from pathlib import Path

from click import ClickException

DATABASE_PATIENCE = 3  # seconds without an answer from PostgreSQL; to connect, it has two
environ.setdefault("PGCONNECT_TIMEOUT", "2")
SITE_NAME = "Workbook"
PERMANENT_SESSION_LIFETIME = timedelta(hours=12)
REMEMBER_COOKIE_DURATION = timedelta(days=30)
REMEMBER_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
# A failing statement is logged without its values, which may be hashes (ASVS 16.2.5).
SQLALCHEMY_ENGINE_OPTIONS = {"hide_parameters": True, "pool_pre_ping": True}
MAX_CONTENT_LENGTH = 64 * 1024  # bytes of a form
RATELIMIT_STORAGE_OPTIONS = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}  # of Redis
RATELIMIT_IN_MEMORY_FALLBACK_ENABLED = True  # when Redis is away, each worker counts for itself
PROPAGATE_EXCEPTIONS = False  # in development, too, the page is ours and the log has the traceback
WTF_CSRF_TIME_LIMIT = None  # a token lives as long as its session


def configure(app):
    """Fill app.config; stop the start with one sentence if a setting is missing or weak.

    `flask --debug` is development, anything else is production (ASVS 13.4.2), also a server in
    whose environment FLASK_DEBUG was forgotten. In production the names `__Host-` tie all cookies
    to one host and to https (ASVS 3.3.1, 3.3.3).
    """
    app.debug = app.debug and environ.get("FLASK_RUN_FROM_CLI") == "true"
    secure = not app.debug
    hosts = environ.get("TRUSTED_HOSTS") or ("localhost,127.0.0.1" if secure else "")
    app.config.from_object("settings")  # the capitals above
    app.config.update(
        BCRYPT_LOG_ROUNDS=number("BCRYPT_LOG_ROUNDS", 12, least=10 if secure else 4),
        KNOWN_COOKIE_NAME="__Host-known" if secure else "known",
        PREFERRED_URL_SCHEME=environ.get("PREFERRED_URL_SCHEME", "https" if secure else "http"),
        RATELIMIT_STORAGE_URI=environ.get("RATELIMIT_STORAGE_URI") or "memory://",
        REMEMBER_COOKIE_NAME="__Host-remember" if secure else "remember_token",
        REMEMBER_COOKIE_SECURE=secure,
        SECRET_KEY=production_key() if secure else development_key(app.instance_path),
        SERVER_NAME=environ.get("SERVER_NAME") or (None if secure else "127.0.0.1:5000"),
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_SECURE=secure,
        SQLALCHEMY_DATABASE_URI=database_address(),
        TRUSTED_HOSTS=hosts.replace(",", " ").split() or None,
        TRUSTED_PROXIES=number("TRUSTED_PROXIES", 0, least=0),
    )


def production_key():
    """Return SECRET_KEY; refuse one that is missing, short or published (part of ASVS 13.3.1)."""
    key = environ.get("SECRET_KEY", "")
    varied = len(key) >= 32 and len(set(key)) >= 8  # 32 hexadecimal digits are 128 bits
    if varied and key.isascii() and not key.startswith("dev-"):
        return key
    advice = "Make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
    raise ClickException(f"SECRET_KEY is {'easy to guess' if key else 'not set'}. {advice}")


def development_key(folder):
    """Return SECRET_KEY, or else the key in the instance folder; makes it on the first run."""
    path = Path(folder, "secret_key")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return environ.get("SECRET_KEY") or path.read_text()


def database_address():
    """Return DATABASE_URL in the words of SQLAlchemy, or a SQLite file in the instance folder."""
    address = environ.get("DATABASE_URL") or "sqlite:///site.db"
    address = address.replace("postgres://", "postgresql://", 1)
    if not address.startswith(("sqlite://", "postgresql://", "postgresql+psycopg://")):
        raise ClickException("DATABASE_URL must start with postgresql:// or sqlite:///.")
    return address


def number(name, default, least):
    """Return a whole number from the environment; stop if it isn't one or is below `least`."""
    text = environ.get(name) or str(default)
    if not text.isdecimal() or int(text) < least:
        raise ClickException(f"{name} is {text!r}. Set a whole number from {least} on.")
    return int(text)
