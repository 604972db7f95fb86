"""Chapter 4: guessing."""

import itertools
import re
from collections import Counter

from attacks.clocks import moving
from attacks.disguises import PLAIN, with_cookies, with_spellings
from attacks.guesser import MOST, WRONG, Account, Program, post
from attacks.verdicts import Chapter, fails, require, succeeds

chapter = Chapter(4, "Guessing")
ADDRESSES = 20
HAS = {
    "says": "says",
    "leads": "leads to",
    "sets": "sets the cookie",
    "drops": "drops the cookie",
    "has": "has the header",
}
FEW, TRIES = 3, 12  # which show what an answer is like: one that stays, one that changes by itself
LOGIN = (r"limit\(", r"/login[\"'/]")
CHECK = (r"check_password\(.*request|check_password\(.*form", r"check_password\(")
SHORT = ("password1", "12345678", "qwertyuiop", "iloveyou")
LONG = ("passwordpassword", "123456789012345", "qwertyuiopasdfg", "aaaaaaaaaaaaaaaaaaaa")


@chapter.attack(
    "Guess a thousand passwords",
    "What counts the wrong guesses, and for whom: an address, an account, or both?",
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
        return succeeds(f"after 10 wrong guesses from each of {ADDRESSES} addresses: {page}")
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
            return succeeds(f"{what} is hashed for {more} alone: {times(known, unknown)}")
    return fails()


def times(known, unknown):
    """Say how much longer one of the two takes."""
    if not known or not unknown:
        return "the other one is answered at once"
    return f"{max(known, unknown) // min(known, unknown)} times the work"


@chapter.attack(
    "Read who has an account",
    "What may the page say to a wrong password that it doesn't say to an unknown name?",
    r"flash\(|errors|message",
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
        return succeeds(f"{when}, {told}")
    names = target.guest(0), target.people.named("eve")
    target.register(names[0])
    _, told = told_apart(target, names, [target.people.too_long] * TRIES) or (0, "")
    return succeeds(f"to a password of over 72 bytes, {told}") if told else fails()


def told_apart(target, names, passwords):
    """Return (after how many passwords, what tells a known name from an unknown one), or None."""
    seen = ([], [])
    for password in passwords:
        for name, facts in zip(names, seen, strict=True):
            facts.append(read(target.log_in(name, password), name))
        if len(seen[0]) >= FEW and is_over(*seen):
            break
    for fact, is_known in only_for_one(*seen):
        which = seen[not is_known]
        number = next(n for n, facts in enumerate(which) if fact in facts)
        return number, told(fact, is_known, seen[is_known][number][0])
    return None


def is_over(known, unknown):
    """Say whether no more is to be seen: the answers differ, or have changed alike by a lock."""
    differ = len({*known}) == len({*unknown}) == 1 and {*known[0]} != {*unknown[0]}
    alike = known[-FEW:] == unknown[-FEW:]
    return differ or (alike and known[0] not in known[-FEW:] and unknown[0] not in unknown[-FEW:])


def told(fact, is_known, other):
    """Say what the answer for one of the names is, has or says, and not that for the other one."""
    names = ("a name that exists", "an unknown name")
    one, another = names if is_known else names[::-1]
    kind, words = fact
    if kind == "status":
        return f"the answer is {words} for {one}, and {other[1]} for {another}"
    return f'the answer {HAS[kind]} "{words}" for {one}, and never for {another}'


def read(page, name):
    """Return what an answer is, says, sets and has, with the name and numbers masked."""

    def masked(words):
        return re.sub(r"\d+", "#", re.sub(re.escape(name), "NAME", words))

    status = page.hops[0][0] if page.hops else page.status or str(page)
    cookies = {one.partition(";")[0].partition("=")[::2] for one in page.set_cookies}
    return (
        ("status", status),
        *(("leads", masked(where)) for _, where in page.hops),
        *(("says", masked(line)) for line in page.lines),
        *sorted(("sets" if value else "drops", masked(one)) for one, value in cookies),
        *(("has", one) for one in sorted({*page.headers.keys()})),
    )


def only_for_one(known, unknown):
    """Yield (a fact, whether it is of the known name) for what only one of the two has.

    Where pages change by themselves, as by a tip of the day, it has to come more than once.
    """
    least = 3 if min(len({*known}), len({*unknown})) > 3 else 1
    counts = [Counter(fact for facts in one for fact in facts) for one in (known, unknown)]
    for is_known, (one, other) in ((True, counts), (False, counts[::-1])):
        for fact, count in one.items():
            if count >= least and not other[fact]:
                yield fact, is_known


@chapter.attack(
    "Choose a common password",
    "A list of common passwords, or zxcvbn, knows what everybody chooses. Do you ask one?",
    r"def set_password|password_problem|len\(password",
)
def common(target):
    """People may choose a password that is among the first in every list."""
    for number, password in enumerate((*SHORT, *LONG)):
        name = target.guest(number)
        target.register(name, password)
        if target.count(name) and target.is_in(name, password):
            return succeeds(f'a user may have the password "{password}"')
    page = target.register(name)
    require(target.count(name) == 1, "the same user can register with a good password", page)
    ada, feature = target.victim(), target.features.change
    for password in (SHORT[0], LONG[0]) if feature else ():
        target.change_password(ada, target.passwords[0], password)
        if target.is_in(password=password):
            return succeeds(f'the password can be changed to "{password}"')
    return fails()


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
        return succeeds("after its owner has logged in, a hash of cost 4 is still of cost 4")
    require(target.is_in(), "the renewed hash logs in", after)
    return fails()
