"""The pages, and how often each may be asked for."""

from ipaddress import ip_address

import accounts
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_limiter import Limiter
from flask_login import current_user, login_required
from forms import ChangePasswordForm, ConfirmForm, LoginForm, NewPasswordForm, RegisterForm
from models import LoginSession

pages = Blueprint("pages", __name__)
FOR_STRANGERS = {"pages.login": LoginForm, "pages.register": RegisterForm}


# Who is counted (ASVS 6.3.1)


def address():
    """Return the visitor's address; of IPv6 the first half, because a household has all of it."""
    # IPv4 in the words of IPv6 is IPv4.
    text = (request.remote_addr or "127.0.0.1").removeprefix("::ffff:")
    try:
        return ip_address(text).exploded[:19]
    except ValueError:  # proxies may send something else
        return text


def account():
    """Return the account that a form is for, whether it exists or not.

    Its version belongs to it: a reset link or a command starts the counts again. A browser in
    which its owner has logged in counts for itself, so that no one else locks it out.
    """
    typed = request.form.get("username") if request.endpoint == "pages.login" else None
    name = accounts.normalise(typed or getattr(current_user, "username", None))[:64]
    user = accounts.find_user(name)
    return f"account:{name}:{user.version if user else 1}:{accounts.known_mark(user)}"


def account_and_address():
    """Return both, so that failures elsewhere don't lock the owner out."""
    return f"{account()}@{address()}"


def failed(response):
    """Say whether an attempt was refused: success leads to another page, 503 is our fault."""
    return response.status_code != 302 and response.status_code < 500


limiter = Limiter(address)


def lead_to(endpoint, message):
    """Send the visitor to another page, which shows the message."""
    flash(message)
    return redirect(url_for(endpoint))


# Pages for everyone


@pages.before_request
def lead_on():
    """Lead users who are logged in past the forms of strangers."""
    if request.method == "GET" and request.endpoint in FOR_STRANGERS:
        return onward() if current_user.is_authenticated else None


def onward():
    """Lead to the page that was asked for before the login, or to the welcome page."""
    target = request.args.get("next", "")
    return redirect(target if is_local_path(target) else url_for("pages.welcome"))


def form_again():
    """Show a stale form again, or lead on a user who has logged in elsewhere meanwhile."""
    if current_user.is_authenticated:
        return onward()
    form, template = FOR_STRANGERS[request.endpoint], request.endpoint.removeprefix("pages.")
    return render_template(f"{template}.html", form=form(request.form), stale=True), 400


@pages.get("/")
def home():
    """Say what there is, and lead on."""
    return render_template("home.html")


@pages.route("/register", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def register():
    """Create an account and lead its owner to the login page."""
    form = RegisterForm(request.form)
    if form.validate_on_submit():
        if accounts.register(form.username.data, form.password.data):
            return lead_to(".login", "Your account is ready. Log in with it.")
        form.username.errors = ["That username is taken. Choose another one, or log in with it."]
    return render_template("register.html", form=form)


@pages.route("/login", methods=["GET", "POST"])
@limiter.limit("30/minute", methods=["POST"])
@limiter.limit("10/hour", key_func=account_and_address, methods=["POST"], deduct_when=failed)
@limiter.limit("100/day", key_func=account, methods=["POST"], deduct_when=failed)
def login():
    """Log the user in if the password is right, and lead to the page that was asked for."""
    form = LoginForm(request.form)
    if form.validate_on_submit():
        if user := accounts.authenticate(form.username.data, form.password.data):
            accounts.start_session(user, form.remember.data)
            return onward()
        form.password.errors = ["Wrong username or password. Check both and try again."]
    return render_template("login.html", form=form)


def is_local_path(target):
    """Say whether this leads to a page of this site, for every browser (ASVS 3.7.2).

    One slash in front, no second one, no backslash, nothing invisible: browsers drop tabs and
    line breaks and take a backslash for a slash (WHATWG URL standard).
    """
    local = target.startswith("/") and not target.startswith("//")
    return local and "\\" not in target and target.isprintable()


@pages.post("/logout")
def logout():
    """End this login and lead to the login page."""
    accounts.end_session()
    return lead_to(".login", "You are logged out. Log in again whenever you like.")


@pages.route("/reset/<token>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def reset(token):
    """Let the holder of a reset link choose a new password; lead to the login page."""
    if (user := accounts.user_to_reset(token)) is None:
        accounts.audit("wrong reset link")
        return render_template("reset_ended.html"), 404
    form = NewPasswordForm(request.form, user)
    if form.validate_on_submit():
        accounts.change_password(user, form.password.data, "password reset")
        return lead_to(".login", "Your password is changed. Log in with the new one.")
    return render_template("reset.html", form=form)


@pages.get("/.well-known/change-password")
def well_known():
    """Lead password managers to the form that changes the password (W3C)."""
    return redirect(url_for(".change_password"))


# Pages for users who are logged in


@pages.get("/welcome")
@login_required
def welcome():
    """Greet the user by name."""
    return render_template("welcome.html")


@pages.get("/account")
@login_required
def account_page():
    """Show where the user is logged in, and what can be changed."""
    return render_template("account.html", logins=accounts.open_logins(current_user))


@pages.route("/account/password", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
@limiter.limit("10/hour", key_func=account, methods=["POST"], deduct_when=failed)
@login_required
def change_password():
    """Change the password; only this browser stays logged in."""
    form = ChangePasswordForm(request.form, current_user)
    if form.validate_on_submit():
        user = current_user._get_current_object()
        accounts.change_password(user, form.password.data)
        accounts.start_session(user)
        return lead_to(".account_page", "Your password is changed. Other browsers are logged out.")
    return render_template("change_password.html", form=form)


@pages.route("/account/delete", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
@limiter.limit("10/hour", key_func=account, methods=["POST"], deduct_when=failed)
@login_required
def delete_account():
    """Delete the account and all that belongs to it."""
    form = ConfirmForm(request.form)
    if form.validate_on_submit():
        accounts.delete_account(current_user._get_current_object())
        return lead_to(".home", "Your account is deleted. You can register a new one at any time.")
    return render_template("delete_account.html", form=form)


@pages.post("/account/sessions/<int(max=2147483647):login_id>/end")
@login_required
def end_login(login_id):
    """End one login of the user; those of others do not exist here (ASVS 8.2.2)."""
    if not accounts.end_logins(current_user, LoginSession.id == login_id):
        abort(404)
    accounts.audit("other login ended", current_user.username)
    return lead_to(".account_page", "That browser is logged out.")


@pages.post("/account/sessions/end-others")
@login_required
def end_other_logins():
    """End all logins of the user but this one."""
    accounts.end_logins(current_user, LoginSession.token != current_user.current_token)
    accounts.audit("all other logins ended", current_user.username)
    return lead_to(".account_page", "Every other browser is logged out.")
