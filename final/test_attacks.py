"""Attacks: each succeeds on step 05 and fails on final/, in one test.

An attack is a function that returns whether it succeeded. Where step 05 lacks the feature, or
already resists, the attack is on a recipe that tutorials copy: step 05 with a few lines changed.

The test client is not a browser: it ignores SameSite, keeps no pages and shows no frames. Where
that matters, a comment says what a browser would do, and the attack judges by the answer's headers.
"""

import io
import re
import time
import tomllib
import unicodedata
from pathlib import Path
from unittest import mock
from urllib.parse import quote

import bcrypt
import itsdangerous
import pytest
import zxcvbn
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask_login import COOKIE_NAME
from workbench.meanwhile import CHECK, HASH, meanwhile
from workbench.people import ANOTHER_PASSWORD, PASSWORD

PUBLISHED_KEY = "dev-5f1d9c3ab07e48d2a6c4e8091b7f2d63"  # stands in every step
THIRD_PASSWORD = "seven looms are singing in the attic"
DAY = 24 * 60 * 60  # seconds
GUESSES = 1000
TEN_MEGABYTES = 10_000_000  # bytes
EDITS = tomllib.loads(Path(__file__).with_name("attacks.toml").read_text("utf-8"))
ATTACKS = []


def attack(function):
    """Collect an attack, with its edits: of final/ without the fix, of step 05 as a recipe."""
    edits = EDITS[function.__name__]
    ATTACKS.append((function, edits["fix"], edits.get("recipe", []), edits.get("only_on")))
    return function


# What attackers have at hand


def cookies_of(site, browser):
    """Return {name: value} of the cookies that log the browser in."""
    config = site.app.config
    names = config["SESSION_COOKIE_NAME"], config.get("REMEMBER_COOKIE_NAME", COOKIE_NAME)
    found = {name: browser.client.get_cookie(name) for name in names}
    return {name: cookie.value for name, cookie in found.items() if cookie}


def opens_the_door(site, cookies):
    """Say whether a browser with these cookies is greeted as ada."""
    thief = site.visitor("203.0.113.6", "Thief/1.0")
    for name, value in cookies.items():
        thief.client.set_cookie(name, value)
    return greeted(thief.get("/welcome"))


def greeted(page, name="ada"):
    """Say whether the page greets this user."""
    return page.says(f"Hello, {name}")


def log_out(browser):
    """Press the button."""
    return browser.submit(browser.get("/welcome").form_to("/logout"))


def stored_hash(site):
    """Return what the database holds of ada's password."""
    with site.app.app_context():
        return site.db.session.scalar(site.db.select(site.User.password_hash))


def cheap_checks(site):
    """Let every password be wrong at no cost: a hundred hashes take long."""
    return mock.patch.object(type(site.bcrypt), "check_password_hash", lambda *words: False)


# Cookies


@attack
def replay_a_cookie_after_logout(site):
    """Copy the cookie, wait until its owner has logged out, and put it back."""
    ada = site.ada()
    copied = cookies_of(site, ada)
    log_out(ada)
    return opens_the_door(site, copied)


@attack
def use_a_cookie_of_yesterday(site):
    """Find a browser that nobody logged out, a day later."""
    copied = cookies_of(site, site.ada())
    tomorrow = int(time.time()) + DAY
    with mock.patch.object(itsdangerous.TimestampSigner, "get_timestamp", lambda _: tomorrow):
        return opens_the_door(site, copied)


@attack
def forge_a_cookie_with_the_published_key(site):
    """Sign a session with the key that anybody can read; be told even what to put in."""
    site.ada()
    forger = Flask("forger")
    forger.secret_key = PUBLISHED_KEY
    with site.app.app_context():
        told = site.db.session.scalar(site.db.select(site.User)).get_id()
    signer = SecureCookieSessionInterface().get_signing_serializer(forger)
    name = site.app.config["SESSION_COOKIE_NAME"]
    return opens_the_door(site, {name: signer.dumps({"_user_id": told, "_fresh": True})})


@attack
def read_a_cookie_on_the_wire(site):
    """Listen on a wireless network until a browser asks for any page over plain http."""
    site.register()
    browser = site.visitor()
    form = browser.get("/login").password_form()
    data = dict(form.filled_in({"username": "ada", "password": PASSWORD}))
    answer = browser.client.post("/login", data=data)
    # Browsers send a cookie over http unless it says Secure (RFC 6265, 5.4).
    return any("; Secure" not in header for header in answer.headers.getlist("Set-Cookie"))


# Passwords and names


@attack
def guess_a_thousand_passwords(site):
    """Try one password after the other; the last of the list is right."""
    site.register()
    mallory = site.visitor()
    form = mallory.get("/login").password_form()
    for number in range(1, GUESSES):
        mallory.submit(form, username="ada", password=f"{PASSWORD} {number}")
    return greeted(mallory.submit(form, username="ada", password=PASSWORD))


@attack
def lock_somebody_out(site):
    """Fail a hundred times, from as many addresses as it takes, so that the owner gets no try."""
    ada = site.ada()
    log_out(ada)
    with cheap_checks(site):
        for number in range(100):
            mallory = site.visitor(f"203.0.113.{number // 10}")
            site.log_in(password=ANOTHER_PASSWORD, browser=mallory)
    return not greeted(site.log_in(browser=ada))


@attack
def tell_who_has_an_account(site):
    """Look at the work that a wrong password causes; from outside one looks at the clock."""
    site.register()

    def work(username):
        with mock.patch.object(bcrypt, "hashpw", wraps=bcrypt.hashpw) as hashed:
            site.log_in(username, ANOTHER_PASSWORD)
        return hashed.call_count

    return work("ada") != work("nobody")


@attack
def choose_a_common_password(site):
    """Be one of those whose password stands in the first hundred of every list."""
    common = "password1"
    site.register(password=common)
    return greeted(site.log_in(password=common))


@attack
def register_a_look_alike(site):
    """Take a name that people read as ada: in capitals, in Cyrillic, in wide letters."""
    for name in ("ada", "Ada", "\u0430d\u0430", "\uff41\uff44\uff41"):
        site.register(name)
    return site.count(site.User) > 1


@attack
def type_a_name_of_accents(site):
    """Log in with a name whose normal form takes seconds; from outside one looks at the clock."""
    name, lengths = "\u0301" * 900 + "\u0316" * 900, []  # a long form has room for 15,000 each
    normalize = unicodedata.normalize

    def noting(form, text):
        lengths.append(len(text))
        return normalize(form, text)

    with mock.patch.object(unicodedata, "normalize", noting):
        site.log_in(name, PASSWORD)
    return max(lengths) > 1000


@attack
def choose_a_password_of_signs(site):
    """Register with a password that takes seconds to score: signs that stand for many letters."""
    read, translate = [], zxcvbn.matching.translate

    def noting(text, signs):
        read.append(len(text))
        return translate(text, signs)

    with mock.patch.object(zxcvbn.matching, "translate", noting):
        site.register(password="4@8({[<369#!1|0$5+7%2" * 2)  # 72 characters take far longer
    return sum(read) > 10_000


@attack
def find_a_cheap_hash(site):
    """Hope that a hash made long ago is as cheap to guess as it was, though its owner logs in."""
    site.register()
    site.change(
        site.User, password_hash=bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    )
    site.ada()
    return stored_hash(site).startswith("$2b$04$")


# Other people's browsers


@attack
def log_somebody_in_as_me(site):
    """Let a page elsewhere send my name and password; what they enter here is then mine."""
    site.register("mallory")
    victim = site.visitor()
    # A browser sends no Lax cookie along, and none is needed; it keeps the cookie that comes back.
    victim.client.post(
        "/login",
        data={"username": "mallory", "password": PASSWORD},
        headers={"Origin": "https://evil.example", "Referer": "https://evil.example/"},
    )
    return greeted(victim.get("/welcome"), "mallory")


@attack
def log_somebody_out_from_next_door(site):
    """Let a page on another port of the same machine press the button."""
    ada = site.ada()
    # Sites are told apart without their ports: a browser sends Lax cookies along.
    ada.client.post("/logout", headers={"Origin": "http://localhost:8000"})
    return not greeted(ada.get("/welcome"))


@attack
def put_the_site_into_a_frame(site):
    """Show the page, invisible, above a button that people like to press."""
    headers = site.ada().client.get("/welcome").headers
    # Browsers refuse by either header.
    policy = headers.get("Content-Security-Policy", "")
    return "frame-ancestors 'none'" not in policy and "X-Frame-Options" not in headers


@attack
def press_back_after_logout(site):
    """Sit down at the same machine and press Back."""
    headers = site.ada().client.get("/welcome").headers
    # A browser may show a page again unless it was told to store nothing (RFC 9111, 5.2.2.5).
    return "no-store" not in headers.get("Cache-Control", "")


# Requests that nobody expects


@attack
def send_ten_megabytes(site):
    """Attach a large file to the login form, and make the server read it."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    body = io.BytesIO(head + bytes(TEN_MEGABYTES) + b"\r\n--x--\r\n")
    kind = "multipart/form-data; boundary=x"
    site.visitor().client.post("/login", input_stream=body, content_type=kind)
    return body.tell() >= TEN_MEGABYTES


# Features that step 05 lacks, and rules that it keeps: on a recipe


@attack
def lead_somebody_astray(site):
    """Send out a link to the real login page that leads to another site afterwards."""
    ada_url = pytest.importorskip("ada_url", reason="the URL parser of browsers is not installed")
    site.register()

    def landing(target):
        browser = site.visitor()
        form = browser.get(path := f"/login?next={quote(target)}").password_form()
        data = dict(form.filled_in({"username": "ada", "password": PASSWORD}))
        sent = browser.client.post(path, data=data).headers["Location"]
        return ada_url.URL(sent, base="http://localhost/login").origin

    targets = ("//evil.example", "////evil.example", "https:evil.example", "/\t/evil.example")
    return any(landing(target) != "http://localhost" for target in targets)


@attack
def keep_a_remember_me_cookie(site):
    """Copy the other cookie, the one that outlives the browser window."""
    ada = site.ada(remember="y")
    copied = cookies_of(site, ada)
    log_out(ada)
    del copied[site.app.config["SESSION_COOKIE_NAME"]]
    return opens_the_door(site, copied)


@attack
def stay_in_after_a_new_password(site):
    """Log in with a stolen password, and stay when its owner changes it because of that."""
    stolen, ada = site.ada(), site.ada()
    values = {"current_password": PASSWORD, "password": ANOTHER_PASSWORD}
    site.fill_in(ada, "/account/password", **values, password_again=ANOTHER_PASSWORD)
    inside = greeted(stolen.get("/welcome"))
    assert greeted(site.log_in(password=ANOTHER_PASSWORD))
    return inside


@attack
def use_a_reset_link_again(site):
    """Find a reset link in the history of a browser, after it has been used."""
    site.register()
    link = re.search(r"/reset/\S+", site.run("users", "reset-link", "ada").output)[0]
    browser = site.visitor()
    site.fill_in(browser, link, password=ANOTHER_PASSWORD)
    assert greeted(site.log_in(password=ANOTHER_PASSWORD))
    if form := browser.get(link).password_form():
        browser.submit(form, password=THIRD_PASSWORD)
    return greeted(site.log_in(password=THIRD_PASSWORD))


@attack
def stay_in_by_being_early(site):
    """Log in with a stolen password just before its owner changes it: come in just after."""
    ada, thief = site.ada(), site.visitor()
    values = {"current_password": PASSWORD, "password": ANOTHER_PASSWORD}
    with meanwhile(CHECK, lambda: site.fill_in(ada, "/account/password", **values)):
        site.log_in(browser=thief)
    inside = greeted(thief.get("/welcome"))
    assert greeted(site.log_in(password=ANOTHER_PASSWORD))
    return inside


@attack
def bring_back_an_old_password(site):
    """Let the server renew the hash of a stolen password while its owner changes it."""
    ada, old = site.ada(), bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    site.change(site.User, password_hash=old)
    values = {"current_password": PASSWORD, "password": ANOTHER_PASSWORD}
    with meanwhile(CHECK, lambda: site.fill_in(ada, "/account/password", **values)):
        site.log_in()
    return greeted(site.log_in())


@attack
def become_the_next_user(site):
    """Delete an account while a login to it is under way, and be whoever registers next."""
    eve, elsewhere = site.visitor(), site.visitor()
    site.register("eve")
    site.log_in("eve", browser=elsewhere)

    def leave():
        values = dict.fromkeys(("current_password", "password"), PASSWORD)
        site.fill_in(elsewhere, "/account/delete", **values)
        assert site.register().at("/login")

    with meanwhile(CHECK, leave):
        site.log_in("eve", browser=eve)
    return greeted(eve.get("/welcome"))


@attack
def use_a_reset_link_twice_at_once(site):
    """Send the form of a reset link while its owner's is on the way."""
    site.register()
    link = re.search(r"/reset/\S+", site.run("users", "reset-link", "ada").output)[0]

    def use(password):
        return site.fill_in(site.visitor(), link, password=password)

    with meanwhile(HASH, lambda: use(ANOTHER_PASSWORD)):
        use(THIRD_PASSWORD)
    return greeted(site.log_in(password=THIRD_PASSWORD))


@attack
def register_at_the_same_time(site):
    """Send the form twice: the second one arrives while the first is hashing."""
    with meanwhile(HASH, site.register) as others:
        page = site.register()
    assert others[0].at("/login")
    return page.status.startswith("500") or site.count(site.User) != 1


@attack
def read_who_has_an_account(site):
    """Read what the page says to a name that nobody has."""
    site.register()
    pages = [site.log_in(name, ANOTHER_PASSWORD) for name in ("ada", "nobody")]
    return len({(page.status, page.text) for page in pages}) > 1


@attack
def make_the_site_link_to_mine(site):
    """Ask for a page in the name of another host, and let a cache or a mail carry its links."""
    answer = site.visitor().client.get("/", headers={"Host": "evil.example"})
    return "//evil.example/" in answer.get_data(as_text=True)


@pytest.mark.parametrize(("attack", "fix", "recipe", "only_on"), ATTACKS, ids=EDITS)
def test_attack(attack, fix, recipe, only_on, database, load_step, load):
    """It succeeds on step 05 or the recipe, fails on final/, and succeeds without the fix."""
    if not database:
        assert attack(load_step(*recipe)), "the attack does not work any more"
    assert not attack(load(production=True))
    if not (database and only_on == "sqlite"):
        assert attack(load(fix, production=True)), "something else stops it"


def test_the_list_is_in_order():
    """Every attack has its edits, and its own name in the report."""
    assert [attack.__name__ for attack, *_ in ATTACKS] == [*EDITS]
