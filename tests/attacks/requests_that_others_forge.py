"""Chapter 2: requests that others forge."""

import re
from itertools import product

from attacks.features import CHANGE, DELETION
from attacks.verdicts import Chapter, fails, require, succeeds
from attacks.visitor import ORIGINS, forgeries, hidden_names

chapter = Chapter(2, "Requests that others forge")
CSRF = r"CSRF_ENABLED|csrf.exempt|@csrf\.exempt"
SHORT = 12  # characters, below which a hidden value is no token
OWN, NONE = {"'self'", "'none'"}, ("deny", "sameorigin")


@chapter.attack(
    "Log a visitor in as me",
    "What does your login form hold that a page on another site can't know?",
    CSRF,
    r"/login[\"'/]",
)
def login_csrf(target):
    """Another site's page logs your visitor in as the attacker."""
    mallory = target.people.named("mallory")
    page = target.register(mallory)
    require(target.count(mallory) == 1, "a second user can register", page)
    attacker = target.visitor()
    form = target.form_at("/login", attacker)
    values = {"username": mallory, "password": target.people.password}
    target.inside(mallory)
    for token, data in forgeries(form, values):
        for where, been_here in product(ORIGINS, (True, False)):
            victim = target.visitor()
            if been_here:  # and has a session
                victim.get("/login")
            victim.sent_by(where, form, data, is_login=True)
            if victim.greets(mallory):
                return succeeds(
                    f"{where} sends the login form {token}, and /welcome greets {mallory}"
                )
    return fails()


@chapter.attack(
    "Log a user out from next door",
    "Does SameSite tell ports of one machine apart? What else could the logout form carry?",
    CSRF,
    r"/logout[\"'/]",
)
def logout_csrf(target):
    """Another site's page presses your visitor's logout button."""
    ada, attacker = target.victim(), target.visitor()
    mallory = target.people.named("mallory")
    target.register(mallory)
    target.inside(mallory, browser=attacker)
    form = attacker.get("/welcome").form_to("/logout")
    require(form, "/welcome has a button that logs out", attacker.get("/welcome"))
    for token, data in forgeries(form, {}):
        for where in ORIGINS:
            ada.sent_by(where, form, data)
            if not ada.greets(target.ada):
                return succeeds(f"{where} sends the logout form {token}, and the login has ended")
    target.log_out(ada)
    return fails()


@chapter.attack(
    "Change a user's password from my page",
    "What does the form that changes the password ask for that another page can't know?",
    CSRF,
    *CHANGE,
)
def change_csrf(target):
    """Another site's page changes your visitor's password."""
    feature, (old, _, new) = target.features.need("change"), target.passwords
    seen = sent_from_elsewhere(target, feature, new, lambda: target.is_in(password=new))
    if seen:
        return succeeds(f"{seen}, and its password logs in")
    target.changed(target.inside(password=old))
    return fails()


@chapter.attack(
    "Delete a user's account from my page",
    "What does the form that deletes the account ask for that another page can't know?",
    CSRF,
    *DELETION,
)
def delete_csrf(target):
    """Another site's page deletes your visitor's account."""
    feature, old = target.features.need("delete"), target.passwords[0]
    if seen := sent_from_elsewhere(target, feature, "", lambda: target.is_gone(old)):
        return succeeds(f"{seen}, and the account is gone")
    target.deleted(target.inside(), old)
    return fails()


def sent_from_elsewhere(target, feature, new, has_worked):
    """Let pages elsewhere send a form that mallory has seen; return how that works, or nothing."""
    ada, attacker, mallory = target.victim(), target.visitor(), target.people.named("mallory")
    target.register(mallory)
    target.inside(mallory, browser=attacker)
    (old, wrong, _), last = target.passwords, feature.steps[-1]
    own = None if feature.is_link else feature.last_form(ada, old, new, target.ada)
    form = feature.last_form(attacker, old, new, mallory) or own
    require(form, f"the form at {feature.path} is there", attacker.get(feature.path))
    form.action = own.action if own else form.action  # which may name the user
    before = target.row(target.ada)
    values = last.values(form, wrong, new, target.ada)
    secret = hidden_names(form) if form is own else ()  # which the attacker has not seen
    for method, token, data in ways_to_send(form, values, last):
        known = [(name, value) for name, value in data if name not in secret or len(value) < SHORT]
        for where in ORIGINS:
            if feature.then:  # she is about to do it
                feature.last_form(ada, old, new, target.ada)
            ada.sent_by(where, form, known, method=method)
            if target.row(target.ada) != before and has_worked():
                return f"{where} sends the form {token}"
    return ""


def ways_to_send(form, values, feature):
    """Yield (method, what is said of the token, data); few, because forms may be counted."""
    for token, data in forgeries(form, values):
        unasked = [(name, value) for name, value in data if feature.fields.get(name) != "old"]
        yield form.method, token, data
        if token == "without a token" and unasked != data:
            yield form.method, token, unasked
        if form.method != "GET" and token != "with an empty token":
            yield "GET", f"{token}, by GET", data
            yield "GET", f"{token}, by GET", unasked


@chapter.attack(
    "Put the site into a frame",
    "Which header says who may show your pages in a frame? It belongs on every answer.",
    r"after_request|Content-Security-Policy|X-Frame-Options",
)
def frame(target):
    """Another site shows your page in an invisible frame, above a button of its own."""
    ada, stranger = target.victim(), target.visitor()
    for browser, path in ((ada, "/welcome"), (stranger, "/login"), (stranger, "/register")):
        page = browser.get(path)
        require(page.opens(), f"{path} opens", page)
        if not refuses_frames(page.headers):
            return succeeds(f"{path} may be framed: {sent_about_frames(page.headers)}")
    return fails()


def sent_about_frames(headers):
    """Say which of the two headers were sent, for a message."""
    policies = ", ".join(headers.getlist("Content-Security-Policy"))
    rules = re.findall(r"frame-ancestors[^;,]*", policies)
    said = [f'"Content-Security-Policy: {one.strip()}"' for one in rules]
    options = headers.get("X-Frame-Options")
    said += [f'"X-Frame-Options: {options}"'] if options is not None else []
    if not said:
        return "no frame-ancestors, and no X-Frame-Options"
    return f"{' and '.join(said)} keeps no one from it"


def refuses_frames(headers):
    """Say whether these headers keep other sites from framing a page; a policy goes first."""
    said = [
        rule.split()[1:]
        for policy in headers.getlist("Content-Security-Policy")
        for rule in re.split(r"[;,]", policy)
        if rule.split()[:1] == ["frame-ancestors"]
    ]
    if said:
        return any({*(one.lower() for one in sources)} <= OWN for sources in said)
    return headers.get("X-Frame-Options", "").strip().lower() in NONE
