"""Chapter 3: logins that end."""

import contextlib
from functools import partial

from attacks.clocks import DAY, later
from attacks.features import CHANGE, READ
from attacks.verdicts import Chapter, NotThereError, fails, require, succeeds
from attacks.visitor import names_of, outliving, put_back, remember_box
from attacks.work import CHECK, HASH

chapter = Chapter(3, "Logins that end")
LOGIN = r"login_user\(|session\[[\"']user"
LOADER = r"user_loader"


@chapter.attack(
    "Put a cookie back after logout",
    "logout_user() deletes the cookie in one browser. What on your side knows that it has ended?",
    r"logout_user\(",
    LOADER,
)
def replay(target):
    """A cookie copied before logout still opens /welcome."""
    ada = target.victim()
    copied = ada.cookies()
    target.log_out(ada)
    return put_back(target, copied, "from before the logout opens /welcome")


@chapter.attack(
    "Use the cookie of yesterday",
    "How long does a login last on the server's side? See PERMANENT_SESSION_LIFETIME.",
    r"PERMANENT_SESSION_LIFETIME|permanent",
    LOGIN,
)
def yesterday(target):
    """A browser that was left without logging out is still logged in a day later."""
    copied = target.victim().cookies()
    with later(DAY + 60):
        return put_back(target, copied, "of yesterday opens /welcome")


def remembered(target):
    """Return a browser that is remembered, and its cookies that outlive the window."""
    target.victim()
    ada = target.inside(remember=True)
    copied, session = outliving(ada.cookies()), target.app.config["SESSION_COOKIE_NAME"]
    has_box = remember_box(target.form_at("/login", target.visitor()))
    if not has_box and all(one.key == session for one in copied):
        raise NotThereError("remember me")
    if not target.thief(copied).greets(target.ada):
        raise NotThereError("remember me")
    return ada, copied


@chapter.attack(
    "Keep a remember-me cookie",
    "Flask-Login's remember-me cookie holds what get_id() returns. What could get_id() return?",
    r"remember",
    r"get_id",
    LOGIN,
)
def remember_me(target):
    """A remember-me cookie copied before logout still opens /welcome."""
    ada, copied = remembered(target)
    target.log_out(ada)
    return put_back(target, copied, "from before the logout opens /welcome")


@chapter.attack(
    "Find an old remember-me cookie",
    "REMEMBER_COOKIE_DURATION only asks the browser. Where does the server note when it ends?",
    r"REMEMBER_COOKIE_DURATION|duration=",
    r"remember",
    LOGIN,
)
def old_remember_me(target):
    """A remember-me cookie opens /welcome after more than a year."""
    _, copied = remembered(target)
    with later(399 * DAY):
        target.log_in(remember=True)  # the owner comes back, which must not wake old cookies
    with later(400 * DAY):
        return put_back(target, copied, "opens /welcome 400 days later")


@chapter.attack(
    "Plant a session before the login",
    "When does a browser get a new session: at the login, or long before?",
    LOGIN,
    r"SESSION_TYPE|session_interface",
)
def planted(target):
    """A session that the attacker planted before the login is logged in afterwards."""
    mallory, attacker = target.people.named("mallory"), target.visitor()
    target.victim()
    target.register(mallory)
    attacker.get("/login")
    invented = target.visitor()
    name = target.app.config["SESSION_COOKIE_NAME"]
    invented.client.set_cookie(name, "planted-by-mallory")
    for browser in (attacker, invented, target.inside(mallory)):
        # No other site can set a cookie whose name begins with __Host-.
        cookies = [one for one in browser.cookies() if not one.key.startswith("__Host-")]
        if not cookies:
            continue
        victim = target.visitor().keep(cookies)
        with contextlib.suppress(Exception):
            target.log_in(browser=victim)
        if target.visitor().keep(cookies).greets(target.ada):
            return succeeds(f"{names_of(cookies)}, planted before the login, opens /welcome")
    return fails()


@chapter.attack(
    "Stay in after a new password",
    "What in the other login's cookie, or in its row, is different after the password changes?",
    *CHANGE,
    LOADER,
)
def new_password(target):
    """Someone logged in with a stolen password stays in when its owner changes it."""
    target.features.need("change")
    ada = target.victim()
    for remember in (False, True):
        stolen = target.inside(remember=remember, password=target.passwords[remember])
        copied = outliving(stolen.cookies()) if remember else stolen.cookies()
        target.changed(ada, target.passwords[remember], target.passwords[remember + 1])
        if target.thief(copied).greets(target.ada) or (not remember and stolen.greets(target.ada)):
            return succeeds(f"{names_of(copied)} from before the new password opens /welcome")
        ada = target.inside(password=target.passwords[remember + 1])
    return fails()


@chapter.attack(
    "Be logging in while the password changes",
    "Your login checks a password, which takes a while, and then writes. Is it still the same row?",
    LOGIN,
)
def early(target):
    """A login with the old password that began before the change comes in after it."""
    target.features.need("change")
    ada, passwords = target.victim(), target.passwords
    if overtaken(target, ada, CHECK, passwords[:2]):
        return succeeds("the old password was checked, then changed, and the login went through")
    for kind, pair in ((CHECK, passwords[1:]), (HASH, (passwords[2], passwords[0]))):
        ada = target.inside(password=pair[0])
        target.age_hash(target.ada)  # a login that renews it may read the user once more
        if overtaken(target, ada, kind, pair, is_old=True):
            return succeeds(
                "an old hash was renewed, the password changed, and the login went through"
            )
        if not target.is_in(password=pair[1]):  # the old one was brought back: see old_password()
            break
    return fails()


def overtaken(target, ada, kind, pair, is_old=False):
    """Change ada's password while a login with the old one checks or hashes; is that login in?"""
    thief, (old, new) = target.visitor(), pair
    with target.work.meanwhile(kind, partial(target.change_password, ada, old, new)) as done:
        target.log_in(password=old, browser=thief)
    require(done or is_old, "logging in checks a hash", "no password was checked")
    inside, works = thief.greets(target.ada), target.is_in(password=new)
    promise = "after the change, the new password logs in"
    require(works or is_old, promise, done[0] if done else "no change", READ)
    return inside and works


@chapter.attack(
    "Bring back an old password",
    "A login that renews a hash writes to a row that it read before. What if that has changed?",
    r"set_password\(",
)
def old_password(target):
    """A login under way while the password changes brings the old password back."""
    target.features.need("change")
    ada, (old, new, _) = target.victim(), target.passwords
    target.age_hash(target.ada)
    with target.work.meanwhile(CHECK, lambda: target.change_password(ada, old, new)) as done:
        target.log_in()
    require(done, "logging in checks a hash", "no password was checked")
    if target.is_in(password=old):
        return succeeds("the password was changed during a login, and the old one still logs in")
    require(target.is_in(password=new), "after the change, the new password logs in", done[0], READ)
    return fails()


@chapter.attack(
    "Become the next user",
    "SQLite gives the id of a deleted user to the next one. What does a login hold on to?",
    r"primary_key",
    LOADER,
)
def next_user(target):
    """A user who logs in while their account is deleted becomes the next user to register."""
    target.features.need("delete")
    pairs = (target.people.named("eve"), target.ada), (target.guest(0), target.guest(1))
    for is_race, (eve, heir) in enumerate(pairs):
        if seen := inherited(target, eve, heir, is_race):
            return succeeds(f"{seen} of a deleted user greets {heir}, who registered next")
    return fails()


def inherited(target, eve, heir, is_race):
    """Delete a user, and register another one; say what opens /welcome for them, if anything."""
    page = target.register(eve)
    require(target.count(eve) == 1, "registering stores a user", page)
    elsewhere, browser = target.inside(eve), target.visitor()
    copied = [target.inside(eve).cookies(), outliving(target.inside(eve, remember=True).cookies())]

    def leave():
        target.delete_account(elsewhere, target.people.password, eve)
        return target.register(heir)

    if is_race:
        with target.work.meanwhile(CHECK, leave) as done:
            target.log_in(eve, browser=browser)
        require(done, "logging in checks a hash", "no password was checked")
        page = done[0]
    else:
        page = leave()
    gone = target.count(heir) == 1 and (not target.count(eve) or not target.is_in(eve))
    require(gone, "the account can be deleted", page, READ)
    if is_race:
        return "a login" if browser.greets(heir) else ""
    return "an old cookie" if any(target.thief(one).greets(heir) for one in copied) else ""
