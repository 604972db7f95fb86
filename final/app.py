"""A site with accounts, built with Flask-Login: the application factory."""

import functools
import time

from accounts import audit, login_manager
from click import ClickException
from commands import init_db, users
from flask import Flask, abort, current_app, request
from flask_wtf.csrf import CSRFError, CSRFProtect, same_origin
from limits.errors import ConfigurationError
from models import bcrypt, set_up_database
from settings import configure
from sqlalchemy import exc, orm
from views import FOR_STRANGERS, form_again, limiter, pages
from werkzeug.exceptions import Conflict, HTTPException, ServiceUnavailable
from werkzeug.middleware.proxy_fix import ProxyFix

ADVICE = "Is that address right? For a driver, run: pip install -r final/requirements.txt"
# The user was changed, or deleted, meanwhile.
OVERTAKEN = (orm.exc.StaleDataError, exc.IntegrityError)
# The database is away, silent, full, locked or read-only.
UNAVAILABLE = (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError)
SAFE_HEADERS = {  # ASVS 3.4.3 to 3.4.6, 3.4.8
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # Flask-WTF asks for a Referer over https
    "X-Content-Type-Options": "nosniff",
}


def create_app():
    """Return the app, set up from the environment; settings.py says what stops the start."""
    app = Flask(__name__)
    configure(app)
    app.before_request(refuse_garbled)  # before any extension reads it
    try:
        set_up_extensions(app)
    except (ModuleNotFoundError, OSError, ConfigurationError) as error:
        raise ClickException(f"{error}. {ADVICE}") from None
    app.register_blueprint(pages)
    for error in (HTTPException, *OVERTAKEN, *UNAVAILABLE):
        app.register_error_handler(error, show_error)
    app.after_request(add_headers)
    app.cli.command("init-db")(init_db)
    app.cli.add_command(users)
    app.logger.setLevel("INFO")  # where accounts.audit() writes
    if hops := app.config["TRUSTED_PROXIES"]:  # without a proxy, anyone can send such headers
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)
    return app


def set_up_extensions(app):
    """Attach the extensions; a form is asked for its token before it is counted."""
    for extension in (bcrypt, CSRFProtect(), login_manager, limiter):
        extension.init_app(app)
    login_manager.login_view = "pages.login"
    set_up_database(app)


def refuse_garbled():
    """Answer 400 to what a server or an extension would break on: a cookie, a Referer, a body."""
    if "X-Forwarded-For" in request.headers and not current_app.config["TRUSTED_PROXIES"]:
        warn("A proxy names the visitors, and is ignored: TRUSTED_PROXIES is not set.")
    if current_app.config["RATELIMIT_STORAGE_URI"] == "memory://" and not current_app.debug:
        warn("Each worker counts attempts for itself: RATELIMIT_STORAGE_URI is not set.")
    try:
        # Flask-Login 0.6.3
        request.cookies.get(current_app.config["REMEMBER_COOKIE_NAME"], "").encode("ascii")
        if request.method == "POST":
            same_origin(request.referrer or "", request.url)  # Flask-WTF 1.3.0
            request.form.get("username")  # gunicorn, when a chunk is garbled
    except Exception as error:
        abort(getattr(error, "code", 400))  # 413 stays what it is


@functools.cache
def warn(message):
    """Log, once, what a server was started with that works, and is probably not meant."""
    current_app.logger.warning(message)


def add_headers(response):
    """Tell the browser what pages of this site never do; keep them out of its cache."""
    response.headers.update(SAFE_HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"  # ASVS 14.3.2
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return response


def show_error(error):
    """Answer an error with a page that says what to do, and with the error's own headers.

    render_template() would ask the database for current_user, which may be what broke.
    """
    if isinstance(error, CSRFError):
        audit("form refused without its token")
        if request.endpoint in FOR_STRANGERS:
            return form_again()
    cause, wait = getattr(error, "original_exception", error), 0
    if isinstance(cause, OVERTAKEN + UNAVAILABLE):
        current_app.logger.error("%s: %s", type(cause).__name__, getattr(cause, "orig", cause))
        error = Conflict() if isinstance(cause, OVERTAKEN) else ServiceUnavailable(retry_after=5)
    response = error.get_response()
    if error.code == 429:
        wait = max(1, int(limiter.current_limit.reset_at - time.time()))
        response.headers["Retry-After"] = wait  # RFC 6585
        audit("too many attempts")
    page = current_app.jinja_env.get_template("error.html")
    response.set_data(page.render(code=error.code, minutes=-(-wait // 60)))
    return response
