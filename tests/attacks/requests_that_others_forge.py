"""Chapter 2: requests that others forge."""

import re
from itertools import product

from attacks.verdicts import Chapter, fails, require, succeeds
from attacks.visitor import ORIGINS, forgeries

chapter = Chapter(2, "Requests that others forge")
CSRF = r"CSRF_ENABLED|csrf.exempt|@csrf\.exempt"
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
    r"set_password\(",
)
def change_csrf(target):
    """Another site's page changes your visitor's password."""
    feature = target.features.need("change")
    ada, attacker, mallory = target.victim(), target.visitor(), target.people.named("mallory")
    target.register(mallory)
    target.inside(mallory, browser=attacker)
    form = feature.form(attacker.get(feature.path))
    require(form, "the form that changes the password is there", attacker.get(feature.path))
    new = target.passwords[2]
    values = {name: new for name, kind in feature.fields.items() if kind == "new"}
    values |= {n: target.passwords[1] for n, kind in feature.fields.items() if kind == "old"}
    for token, data in forgeries(form, values):
        for where in ORIGINS:
            ada.sent_by(where, form, data)
            if target.is_in(password=new):
                return succeeds(f"{where} sends the form {token}, and its password logs in")
    target.changed(target.inside())
    return fails()


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
