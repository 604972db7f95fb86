"""Accounts: who somebody is, how a login starts and ends, what a password must be."""

import re
import unicodedata

from flask import current_app, has_request_context, request, session
from flask_login import LoginManager, current_user, login_user, logout_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from models import LoginSession, User, bcrypt, db, now, password_fits
from settings import PERMANENT_SESSION_LIFETIME, REMEMBER_COOKIE_DURATION, SITE_NAME
from sqlalchemy.exc import IntegrityError
from zxcvbn import zxcvbn

USERNAME = re.compile(r"[a-z0-9_.-]{3,32}")  # for fullmatch()
MIN_PASSWORD = 15  # characters: NIST SP 800-63B-4 for a password that stands alone

login_manager = LoginManager()


def audit(event, username=None):
    """Write one line on who did what from where; never a password or a token (ASVS 16.3.1)."""
    address = request.remote_addr if has_request_context() else "command line"
    current_app.logger.info("audit: %s, user %r, from %s", event, username, address)


# Names and passwords


def normalise(username):
    """Return the one spelling of a name, without capitals or look-alike widths (RFC 8265)."""
    return unicodedata.normalize("NFKC", username or "").strip().casefold()


def find_user(username):
    """Return the user with this name, or None; asks the database for possible names only."""
    name = USERNAME.fullmatch(normalise(username))
    return name and db.session.scalar(db.select(User).filter_by(username=name[0]))


def password_problem(password, username):
    """Say why this password cannot be taken, or return None (ASVS 6.2.1, 6.2.4, 6.2.11)."""
    if len(password) < MIN_PASSWORD:
        return f"Use at least {MIN_PASSWORD} characters; a short sentence works well."
    if not password_fits(password):
        return "Use at most 72 bytes: 72 plain letters, fewer with accents or emoji."
    guess = zxcvbn(password, user_inputs=[username, SITE_NAME, "flask", "login"])
    if guess["score"] >= 3:  # of 4: "safely unguessable"
        return None
    reason = guess["feedback"]["warning"] or "This is easy to guess"
    return f"{reason.rstrip('.')}. Choose a sentence that nobody has said before."


# Accounts


def register(username, password):
    """Store a new user; say whether the name was free."""
    user = User(username=username)
    user.set_password(password)  # slow, so before the database is locked
    db.session.add(user)
    try:
        db.session.commit()
    except IntegrityError:  # the database decides, even between two requests at once
        db.session.rollback()
        return False
    audit("registered", username)
    return True


def authenticate(username, password):
    """Return the active user with this name and password, or None.

    A name that nobody has costs the same work as a wrong password (ASVS 6.3.8); a hash with
    another work factor than the one set now is replaced (ASVS 11.2.2).
    """
    user = find_user(username)
    if user is None and password_fits(password):
        bcrypt.generate_password_hash(password)
    if user is None or not user.check_password(password) or not user.is_active:
        audit("login failed", user.username if user else None)  # a typed name may be a password
        return None
    if user.password_hash[4:6] != f"{current_app.config['BCRYPT_LOG_ROUNDS']:02}":
        user.set_password(password)
        db.session.commit()
    return user


def change_password(user, password):
    """Store the new password and end all logins of the user (ASVS 7.4.3)."""
    user.set_password(password)
    end_logins(user)
    audit("password changed", user.username)


def delete_account(user):
    """Remove the user and, by ON DELETE CASCADE, all logins; log out."""
    audit("account deleted", user.username)
    end_session()
    db.session.execute(db.delete(User).filter_by(id=user.id))
    db.session.commit()


# Logins


@login_manager.user_loader
def load_user(token):
    """Return the user of the login with this token, or None if it has ended (ASVS 7.2.1)."""
    query = db.select(User).join(LoginSession).where(LoginSession.token == token)
    user = db.session.scalar(query.where(LoginSession.expires_at > now()))
    if user:
        user.current_token = token
    return user


def start_session(user, remember=False):
    """Log the user in with a new token; whoever was logged in here is logged out (ASVS 7.2.4)."""
    end_session()
    end_logins(user, LoginSession.expires_at <= now())
    expires = now() + (REMEMBER_COOKIE_DURATION if remember else PERMANENT_SESSION_LIFETIME)
    user.open_login(expires, request.user_agent.string[:200])
    login_user(user, remember=remember)
    audit("logged in", user.username)


def end_session():
    """End the login of this browser, so that copies of its cookies are worthless (ASVS 7.4.1)."""
    if current_user.is_authenticated:
        audit("logged out", current_user.username)
        end_logins(current_user, LoginSession.token == current_user.current_token)
    session.clear()
    logout_user()  # after clear(): it notes in the session that the other cookie has to go


def open_logins(user):
    """Return the logins of the user that have not ended, the newest first."""
    query = db.select(LoginSession).filter_by(user_id=user.id).order_by(LoginSession.id.desc())
    return db.session.scalars(query.where(LoginSession.expires_at > now())).all()


def end_logins(user, *which):
    """End all logins of the user, or those that meet the conditions; return how many."""
    ended = db.session.execute(db.delete(LoginSession).filter_by(user_id=user.id).where(*which))
    db.session.commit()
    return ended.rowcount


# Reset links


def reset_tokens(user):
    """Return what signs tokens for this user and this purpose, until the password changes.

    The salt keeps other signatures out (ASVS 9.2.2); the hash in it makes a token good for one
    use (ASVS 6.4.1).
    """
    salt = f"password-reset {user.password_hash}"
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=salt)


def user_to_reset(username, token):
    """Return the user whose token this is, or None if it is forged, used or older than an hour."""
    user = find_user(username)
    try:
        return user if user and reset_tokens(user).loads(token, max_age=3600) else None
    except BadSignature:
        return None
