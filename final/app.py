"""A site with accounts, built with Flask-Login: the application factory."""

import time

from accounts import audit, login_manager
from attempts import limiter, look_up
from commands import init_db, users
from flask import Flask, abort, current_app, request
from flask_wtf.csrf import CSRFError, CSRFProtect, same_origin
from models import bcrypt, set_up_database
from settings import configure
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from views import pages
from werkzeug.exceptions import Conflict, HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

OVERTAKEN = (StaleDataError, IntegrityError)  # the user was changed, or deleted, meanwhile
SAFE_HEADERS = {  # ASVS 3.4.3 to 3.4.8
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
    app.before_request(refuse_garbled_headers)  # before any extension reads it
    set_up_extensions(app)
    app.register_blueprint(pages)
    for error in (HTTPException, *OVERTAKEN):
        app.register_error_handler(error, show_error)
    app.after_request(add_headers)
    app.cli.command("init-db")(init_db)
    app.cli.add_command(users)
    app.logger.setLevel("INFO")  # where accounts.audit() writes
    if hops := app.config["TRUSTED_PROXIES"]:  # without, such headers are anybody's word
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)
    return app


def set_up_extensions(app):
    """Attach the extensions."""
    bcrypt.init_app(app)
    CSRFProtect(app)
    login_manager.init_app(app)
    login_manager.login_view = "pages.login"
    set_up_database(app)
    app.before_request(look_up)
    limiter.init_app(app)


def refuse_garbled_headers():
    """Answer 400 to a cookie or Referer that Flask-Login 0.6.3 or Flask-WTF would break on."""
    try:
        request.cookies.get(current_app.config["REMEMBER_COOKIE_NAME"], "").encode("ascii")
        same_origin(request.referrer or "", request.url)
    except ValueError:
        abort(400)


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
    if isinstance(error, OVERTAKEN):
        audit("overtaken by another request")
        error = Conflict()
    if isinstance(error, CSRFError):
        audit("form refused without its token")
    response, wait = error.get_response(), 0
    if error.code == 429:
        wait = max(1, int(limiter.current_limit.reset_at - time.time()))
        response.headers["Retry-After"] = wait  # RFC 6585
        audit("too many attempts")
    page = current_app.jinja_env.get_template("error.html")
    response.set_data(page.render(code=error.code, minutes=-(-wait // 60)))
    return response
