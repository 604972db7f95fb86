"""What the person who runs the site types: flask init-db, flask users ..."""

import accounts
import click
from flask import current_app, url_for
from flask.cli import AppGroup
from models import User, create_tables, db

users = AppGroup("users", help="Look after the accounts.")


def command(function):
    """Make a function a command that is told the name of a user."""
    return users.command()(click.argument("username", metavar="NAME")(function))


def init_db():
    """Make the tables that are missing; safe to run again."""
    create_tables()
    click.echo("The database is ready.")


def known_user(username):
    """Return the user with this name; stop with a sentence if it doesn't exist."""
    if user := accounts.find_user(username):
        return user
    raise click.ClickException(f"There is no user {username!r}. See: flask users list")


@users.command("list")
def list_users():
    """List the users, whether they may log in, and how often they are logged in."""
    for user in db.session.scalars(db.select(User).order_by(User.username)):
        state, logins = "active" if user.is_active else "deactivated", accounts.open_logins(user)
        click.echo(f"{user.username:<32} {state:<11} logins: {len(logins)}")


@command
def reset_link(username):
    """Print a link for a new password: for one hour, for one use (ASVS 6.4.6)."""
    user = known_user(username)
    if not current_app.config["SERVER_NAME"]:
        raise click.ClickException("SERVER_NAME is not set. It is your host, such as example.org.")
    if not user.is_active:
        raise click.ClickException(f"{username} is deactivated. See: flask users activate")
    token = accounts.signer("password reset").dumps([user.id, user.version])
    click.echo(url_for("pages.reset", token=token, _external=True))
    accounts.audit("reset link made", user.username)


@command
def deactivate(username):
    """Log a user out everywhere and refuse new logins (ASVS 7.4.2)."""
    change(username, "deactivated", active=False)


@command
def activate(username):
    """Let a deactivated user log in again."""
    change(username, "activated", active=True)


def change(username, event, active=None):
    """Store whether the user may log in; end all logins, and forget failed attempts."""
    user = known_user(username)
    user.is_active = user.is_active if active is None else active
    accounts.store(user, event)
    click.echo(f"{user.username} is {event} and logged out everywhere.")


@command
def logout(username):
    """Log a user out everywhere, and forget failed attempts to log in (ASVS 7.4.5)."""
    change(username, "unlocked")
