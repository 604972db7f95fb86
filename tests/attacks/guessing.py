"""Chapter 4: guessing."""

import contextlib
import itertools
import re
from urllib.parse import urlsplit

from attacks.answers import FEW, TRIES, named, told_apart
from attacks.clocks import moving
from attacks.disguises import PLAIN, with_cookies, with_spellings
from attacks.guesser import MOST, WRONG, Account, Program, post
from attacks.places import At
from attacks.verdicts import Chapter, NotThereError, fails, require, succeeds

chapter = Chapter(4, "Guessing")
ADDRESSES = 20
LOGIN = (At("/login", r"limit\("), r"/login[\"'/]")
CHECK = (At("/login", r"check_password\("), At("/login", "password"), r"check_password\(")
STORES = r"\.add\(|User\(|set_password\("
SHORT = ("password1", "12345678", "qwertyuiop", "iloveyou")
DECORATED = ("Password1", "Qwerty123", "Passw0rd", "P@ssw0rd")  # in the first 5000 of a list
LONG = ("passwordpassword", "123456789012345", "qwertyuiopasdfg", "aaaaaaaaaaaaaaaaaaaa")


@chapter.attack(
    "Guess a thousand passwords",
    "What counts the wrong guesses, and for whom: an IP address, an account, or both?",
    *LOGIN,
)
def guess(target):
    """A program tries more than a hundred passwords a day for one account."""
    ada, name = target.victim(), target.guest(0)
    with moving() as clock:
        account = Account(target, target.ada)
        clock.to_another_day()
        for way in (*PLAIN, *with_cookies(target, ada)):
            if seen := got_in(account, way, clock):
                return succeeds(seen)
        target.register(name)
        account = Account(target, name)
        for way in with_spellings(target, name):
            if seen := got_in(account, way, clock):
                return succeeds(seen)
    return fails(f"at most {MOST} guesses a day for one account are looked at")


def got_in(account, way, clock):
    """Guess for a day in one way; return how the program got in, or an empty text."""
    program = Program(account, way, clock)
    return f"{program}: it opens /welcome" if program.gets_in() else ""


@chapter.attack(
    "Lock the owner out",
    "Whose wrong guesses does the limit count against the owner, and from which browser?",
    *LOGIN,
)
def lock_out(target):
    """Wrong passwords from elsewhere keep the owner out of their own account."""
    ada = target.victim()
    target.log_out(ada)
    target.work.wrong = b"wrong guess"
    for address, number in itertools.product(range(1, ADDRESSES + 1), range(10)):
        mallory = target.visitor(f"203.0.113.{address}")
        form = target.form_at("/login", mallory)
        post(mallory, form, {"username": target.ada, "password": f"wrong guess {number}"})
    target.work.wrong = None
    is_limited = not target.is_in()
    page = target.log_in(browser=ada)
    if not page.browser.greets(target.ada):
        return succeeds(f"after 10 wrong guesses from each of {ADDRESSES} IP addresses: {page}")
    return fails("" if is_limited else f"{10 * ADDRESSES} wrong guesses lock no one out")


@chapter.attack(
    "Find out who has an account by the clock",
    "What does your login do for a name that it knows, and not for one that it doesn't?",
    *CHECK,
)
def clock(target):
    """The time that a wrong password takes tells who has an account."""
    target.victim()
    wrong, long = target.passwords[2], target.people.too_long
    for password, what in ((wrong, "a wrong password"), (long, "a password of over 72 bytes")):
        works = []
        for name in (target.ada, target.people.named("edith")):
            target.log_in(name, password)  # what is made at the first try is not counted
            works.append(target.work.total(lambda name=name: target.log_in(name, password)))  # noqa: B023
        known, unknown = works
        if known > 2 * unknown or unknown > 2 * known:
            more = target.ada if known > unknown else "an unknown name"
            return succeeds(f"{what} is hashed for {more} {times(known, unknown)}")
    return fails()


def times(known, unknown):
    """Say how much longer one of the two takes."""
    if not known or not unknown:
        return "alone: the other one is answered at once"
    return f"with {max(known, unknown) // min(known, unknown)} times the work of the other one"


@chapter.attack(
    "Read who has an account",
    "What may the page say to a wrong password that it doesn't say to an unknown name?",
    At("/login", r"flash\(|errors|message"),
    *CHECK,
)
def answer(target):
    """The login page's answer tells who has an account."""
    target.victim()
    names = target.ada, target.people.named("edith")
    target.work.wrong = WRONG.encode()
    wrong = [f"{WRONG}{number}" for number in range(MOST + FEW)]
    number, told = told_apart(target, names, wrong) or (0, "")
    target.work.wrong = None
    if told:
        when = f"after {number} wrong passwords" if number else "to a wrong password"
        return succeeds(f"{when}, {told}", *named(told))
    names = target.guest(0), target.people.named("eve")
    target.register(names[0])
    _, told = told_apart(target, names, [target.people.too_long] * TRIES) or (0, "")
    when = "to a password of over 72 bytes"
    return succeeds(f"{when}, {told}", *named(told)) if told else fails()


@chapter.attack(
    "Choose a common password",
    "A list of common passwords, or zxcvbn, knows what many people choose. Do you ask one?",
    At("/register", STORES, whole=True),
    r"/register[\"'/]",
)
def common(target):
    """People may choose a password that is among the first in every list."""
    for number, password in enumerate((*SHORT, *DECORATED, *LONG)):
        name = target.guest(number)
        target.register(name, password)
        if target.count(name) and target.is_in(name, password):
            return succeeds(f'a user may have the password "{password}"')
    page = target.register(name)
    require(target.count(name) == 1, "the same user can register with a good password", page)
    for how, path, put in other_forms(target):
        for password in (SHORT[0], DECORATED[0], DECORATED[-1], LONG[0]):
            put(password)
            if target.is_in(password=password):
                at = At(urlsplit(path).path, "password", whole=True)
                return succeeds(f'the password can be {how} to "{password}"', at)
    return fails()


def other_forms(target):
    """Yield (what it does, its path, a function that puts a password in) of each such form."""
    ada, feature, old = target.victim(), target.features.change, target.passwords[0]
    if feature:
        yield "changed", feature.action, lambda word: target.change_password(ada, old, word)
    with contextlib.suppress(NotThereError):
        link = target.reset_link()
        yield "reset", link, lambda word: target.use_link(link, word)


@chapter.attack(
    "Find a cheap hash",
    "At which moment does your app know the password of an old hash, and could hash it again?",
    *CHECK,
)
def old_hash(target):
    """A hash made years ago stays as cheap to guess as it was, though its owner logs in."""
    target.register()
    before = target.age_hash(target.ada)
    target.inside()
    after = target.stored_hash(target.ada)
    if after == before:
        return succeeds(f"after its owner has logged in, {aged(before)}")
    require(target.is_in(), "the renewed hash logs in", after)
    return fails()


def aged(old):
    """Say of a hash of years ago that it has stayed, with its cost."""
    found = re.search(r"\$2.\$(\d\d)|m=\d+,t=\d+|\w+:\d+", old)
    cost = f"of cost {int(found[1])}" if found[1] else f"made with {found[0]}"
    return f"a hash {cost} is still {cost}"
