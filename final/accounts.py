"""Accounts: who a user is, how a login starts and ends, what a password must be."""

import re
import secrets
import unicodedata

from flask import abort, after_this_request, current_app, has_request_context, request, session
from flask_login import LoginManager, current_user, login_user, logout_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from models import LoginSession, User, bcrypt, db, now, password_fits
from settings import PERMANENT_SESSION_LIFETIME, REMEMBER_COOKIE_DURATION, SITE_NAME
from sqlalchemy.exc import IntegrityError
from zxcvbn import zxcvbn

USERNAME = re.compile(r"[a-z0-9_.-]{3,32}")  # for fullmatch()
ALIKE = str.maketrans("{[<|", "(((!")  # symbols for one letter, to zxcvbn: it tries all spellings
MAX_LOGINS = 20  # of one user at a time
MIN_PASSWORD = 15  # characters: NIST SP 800-63B-4 for a password without a second factor

login_manager = LoginManager()


def audit(event, username=None):
    """Write one line on who did what from where; never a password or a token (ASVS 16.3.1)."""
    address = request.remote_addr if has_request_context() else "command line"
    current_app.logger.info("audit: %s, user %r, from %s", event, username, address)


# Names and passwords


def normalise(username):
    """Return the one spelling of a name, without capitals or look-alike widths (RFC 8265).

    Only the beginning is looked at: before the fix of python/cpython#149079, the time for a row of
    accents grows with the square of its length: seconds for the longest that fits into a form.
    """
    return unicodedata.normalize("NFKC", (username or "")[:100]).strip().casefold()


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
    scored = password[:36].translate(ALIKE)  # for 72 symbols like letters, it takes seconds
    guess = zxcvbn(scored, user_inputs=[username, SITE_NAME, "flask", "login"])
    # 3 of 4 is "safely unguessable".
    why = (guess["feedback"]["warning"] or "This is easy to guess").rstrip(".")
    return f"{why}. Use several words that don't belong together." if guess["score"] < 3 else None


# Accounts


def store(user, event):
    """Write what has changed, if the user is still the one who was checked; end all logins.

    What was checked is what is written: a request reads the user once, checks a password, which
    is slow, and comes here. Meanwhile another request may have changed or deleted the user. Then
    the version in the database is another one, and SQLAlchemy raises StaleDataError.
    """
    user.version += 1  # ends the logins that are under way, too: theirs is the version they checked
    end_logins(user)
    audit(event, user.username)


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

    An unknown name costs the same work as a wrong password, also one whose hash is older
    and cheaper (ASVS 6.3.8): 2 to the 10th and 2 to the 10th and 2 to the 11th are 2 to the 12th.
    At a login such a hash is replaced (ASVS 11.2.2).
    """
    user, rounds = find_user(username), current_app.config["BCRYPT_LOG_ROUNDS"]
    if user is None or not user.check_password(password) or not user.is_active:
        for missing in range(int(user.password_hash[4:6]), rounds) if user else [rounds]:
            password_fits(password) and bcrypt.generate_password_hash(password, missing)
        audit("login failed", user.username if user else None)  # a typed name may be a password
        return None
    if user.password_hash[4:6] != f"{rounds:02}":
        user.set_password(password)
        db.session.commit()  # the version stays: the password is the same
    return user


def change_password(user, password, event="password changed"):
    """Store the new password and end all logins of the user (ASVS 7.4.3)."""
    user.set_password(password)
    store(user, event)


def delete_account(user):
    """Remove the user and, by ON DELETE CASCADE, all logins; log out."""
    db.session.delete(user)
    db.session.commit()
    audit("account deleted", user.username)
    end_session()


# Logins


# Made once: a query that is put together at every request takes a seventh of the time of a page.
OF_LOGIN = db.select(User).join(LoginSession).where(LoginSession.version == User.version)
OF_LOGIN = OF_LOGIN.filter_by(token=db.bindparam("token"))
OF_LOGIN = OF_LOGIN.where(LoginSession.expires_at > db.bindparam("now"))


@login_manager.user_loader
def load_user(token):
    """Return the user of the login with this token, or None if it has ended (ASVS 7.2.1)."""
    if user := db.session.scalar(OF_LOGIN, {"token": token, "now": now()}):
        user.current_token = token
    return user


def start_session(user, remember=False):
    """Log the user in with a new token; ends the login that was here (ASVS 7.2.4)."""
    end_session()
    expires = now() + (REMEMBER_COOKIE_DURATION if remember else PERMANENT_SESSION_LIFETIME)
    if load_user(user.open_login(expires, request.user_agent.string[:200])) is None:
        audit("login overtaken by a change", user.username)
        abort(409)
    newest = db.select(LoginSession.id).filter_by(user_id=user.id).order_by(LoginSession.id.desc())
    surplus = LoginSession.id.not_in(newest.limit(MAX_LOGINS))
    end_logins(user, db.or_(LoginSession.expires_at <= now(), surplus))
    login_user(user, remember=remember)
    know_browser(user)
    audit("logged in", user.username)


def end_session():
    """End the login of this browser, so that copies of its cookies are worthless (ASVS 7.4.1)."""
    here = LoginSession.token == getattr(current_user, "current_token", None)
    if current_user.is_authenticated and end_logins(current_user, here):
        audit("logged out", current_user.username)
    session.clear()
    logout_user()  # after clear(): it notes in the session that the other cookie has to go


def open_logins(user):
    """Return the logins of the user that have not ended, the newest first."""
    query = db.select(LoginSession).filter_by(user_id=user.id, version=user.version)
    query = query.where(LoginSession.expires_at > now()).order_by(LoginSession.id.desc())
    return db.session.scalars(query).all()


def end_logins(user, *which):
    """End all logins of the user, or those that meet the conditions; return how many."""
    ended = db.session.execute(db.delete(LoginSession).filter_by(user_id=user.id).where(*which))
    db.session.commit()
    return ended.rowcount


# Signed tokens


def signer(purpose):
    """Return what signs tokens for one purpose, and takes no others (ASVS 9.2.2)."""
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=purpose)


def read(purpose, token, max_age=None):
    """Return what was signed, or None if this was not, or is older than so many seconds."""
    try:
        return signer(purpose).loads(token, max_age=max_age)
    except BadSignature:
        return None


def know_browser(user):
    """Mark this browser as one in which the user has logged in, until the password changes."""
    mark = signer("known browser").dumps([user.id, user.version, secrets.token_urlsafe(8)])
    name, secure = current_app.config["KNOWN_COOKIE_NAME"], not current_app.debug
    flags = {"secure": secure, "httponly": True, "samesite": "Lax", "max_age": 31536000}  # a year
    after_this_request(lambda answer: answer.set_cookie(name, mark, **flags) or answer)


def known_mark(user):
    """Return the mark of this browser if it is one of this user, or an empty string."""
    cookie = request.cookies.get(current_app.config["KNOWN_COOKIE_NAME"], "")
    user_id, version, mark = read("known browser", cookie) or (None, None, "")
    return mark if user and (user.id, user.version) == (user_id, version) else ""


def user_to_reset(token):
    """Return the user whose token this is, or None if it is forged, used or older than an hour.

    One use changes the version, and the token has another one from then on (ASVS 6.4.1).
    """
    user_id, version = read("password reset", token, max_age=3600) or (None, None)
    return db.session.scalar(db.select(User).filter_by(id=user_id, version=version, is_active=True))
