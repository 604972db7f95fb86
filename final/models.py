"""The database: users, and a row for each of their logins."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from click import ClickException
from flask_bcrypt import Bcrypt
from flask_login import UserMixin
from flask_sqlalchemy import SQLAlchemy
from settings import DATABASE_PATIENCE, PERMANENT_SESSION_LIFETIME
from sqlalchemy import event, exc, inspect

OLD_DATABASE = "An older version made this database: {0} has no {1}. See final/README.md."
MAX_PASSWORD_BYTES = 72  # bcrypt raises ValueError for anything longer
LOCKS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(1)"}

db = SQLAlchemy(session_options={"expire_on_commit": False})  # what was read stays as it was read
bcrypt = Bcrypt()


def now():
    """Return the time in UTC, without a zone: SQLite and PostgreSQL compare it alike."""
    return datetime.now(UTC).replace(tzinfo=None)


def password_fits(password):
    """Say whether bcrypt tells this password from all others: 1 to 72 bytes, no NUL."""
    return 0 < len(password.encode("utf-8")) <= MAX_PASSWORD_BYTES and "\0" not in password


class User(UserMixin, db.Model):
    """Someone with an account."""

    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(32), unique=True, nullable=False)
    password_hash = db.Column(db.String(60), nullable=False)
    is_active = db.Column(db.Boolean, nullable=False, default=True)  # Flask-Login asks for it
    version = db.Column(db.Integer, nullable=False, default=1)  # see accounts.store()

    # Every UPDATE and DELETE says WHERE version = the one that was read. If another request was
    # faster, no row fits, and SQLAlchemy raises StaleDataError.
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}
    __table_args__ = {"sqlite_autoincrement": True}  # or SQLite gives the id of a deleted user away

    current_token = None  # of the login that this request belongs to

    def set_password(self, password):
        """Store a salted hash; raise ValueError for an empty or too long password (ASVS 11.4.2)."""
        if not password_fits(password):
            raise ValueError(f"Use a password of 1 to {MAX_PASSWORD_BYTES} bytes.")
        self.password_hash = bcrypt.generate_password_hash(password).decode("utf-8")

    def check_password(self, password):
        """Say whether the stored hash was made from this password."""
        return password_fits(password) and bcrypt.check_password_hash(self.password_hash, password)

    def get_id(self):
        """Return the token that both cookies carry; opens a login for a user without one."""
        return self.current_token or self.open_login(now() + PERMANENT_SESSION_LIFETIME)

    def open_login(self, end, agent=""):
        """Store a login, make it the one of this request, and return its new token (ASVS 7.2.4)."""
        row = LoginSession(user_id=self.id, version=self.version, expires_at=end, user_agent=agent)
        db.session.add(row)
        db.session.commit()
        self.current_token = row.token
        return self.current_token


class LoginSession(db.Model):
    """A login of one user in one browser; without it, the cookies are worth nothing."""

    id = db.Column(db.Integer, primary_key=True)
    token = db.Column(db.String(64), unique=True, nullable=False, default=secrets.token_urlsafe)
    user_id = db.Column(db.ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True)
    version = db.Column(db.Integer, nullable=False)  # of the user whose password was checked
    started_at = db.Column(db.DateTime, nullable=False, default=now)
    expires_at = db.Column(db.DateTime, nullable=False)
    user_agent = db.Column(db.String(200), nullable=False)

    __table_args__ = {"sqlite_autoincrement": True}


def set_up_database(app):
    """Attach the database to the app; in development, make missing tables."""
    db.init_app(app)
    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
        event.listen(db.engine, "connect", set_pragmas if is_sqlite else wait_briefly)
        if is_sqlite and db.engine.url.database:
            Path(db.engine.url.database).touch(mode=0o600)  # for the owner only, as the key is
            event.listen(db.engine, "checkout", notice_another_file)
        if app.debug:
            create_tables()


def wait_briefly(connection, _record):
    """Give a connection to PostgreSQL up when the server is silent for DATABASE_PATIENCE."""
    from psycopg import OperationalError  # its driver is there only where it is used

    wait = connection.wait

    def wait_for_server(*words, **options):
        """Wait as the driver does, but not forever."""
        try:
            return wait(*words, **options | {"timeout": DATABASE_PATIENCE})
        except OperationalError:
            connection.close()
            raise

    connection.wait = wait_for_server


def set_pragmas(connection, _record):
    """Wait 15 s for another writer, read while it writes, obey ON DELETE CASCADE (SQLite docs)."""
    for pragma in ("busy_timeout=15000", "journal_mode=WAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def notice_another_file(_connection, record, _proxy):
    """Open the file again if another one, or none, has its name: what goes into it would be lost.

    SQLite warns of this fault and cannot see it (sqlite.org, How To Corrupt, 2.4).
    """
    file = Path(db.engine.url.database)
    inode = file.exists() and file.stat().st_ino
    if record.info.setdefault("inode", inode) != inode:
        raise exc.DisconnectionError


def create_tables():
    """Make missing tables and leave the others alone; a second process waits for the first.

    A table that an older version has made stops it with a sentence, and nothing is changed.
    """
    with db.engine.begin() as connection:
        connection.exec_driver_sql(LOCKS[connection.dialect.name])
        db.metadata.create_all(connection)
        for table in db.metadata.sorted_tables:
            there = {column["name"] for column in inspect(connection).get_columns(table.name)}
            if missing := {*table.columns.keys()} - there:
                raise ClickException(OLD_DATABASE.format(table.name, *missing))
