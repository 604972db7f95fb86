"""The ways in which a program that guesses looks like many visitors."""

import random
import string
from dataclasses import dataclass

FEW = 5  # guesses, after which a browser is given up
WAITS = (60, 300, 900, 3600)  # seconds, after which limits may have forgotten
LONG = (*WAITS, 4 * 3600, 10 * 3600)
LOGINS = 10  # of one user, after which another one goes on
PROXIES = ("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP", "True-Client-IP")
KINDS = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
HEX = string.digits + "abcdef"


def spread(number):
    """Return an IP address of its own for each guess."""
    return f"203.0.{number // 250}.{number % 250 + 1}"


def forwarded(number):
    """Return headers that claim an IP address."""
    claimed = f"192.0.{number // 250}.{number % 250 + 1}"
    return dict.fromkeys(PROXIES, claimed) | {"Forwarded": f"for={claimed}"}


def disguised(number):
    """Return headers of a browser that no one has seen yet."""
    agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:{number}.0) Gecko/20100101 Firefox/{number}.0"
    return {"User-Agent": agent, "Accept-Language": f"en,de;q=0.{number}"}


@dataclass
class Way:
    """A way to send many guesses."""

    how: str
    address: object = spread  # of a guess, by its number
    headers: object = lambda number: {}
    each: int = 0  # guesses, after which another browser goes on; 0 if none does
    prepare: object = lambda browser: None  # does something in a new browser
    before: object = lambda browser, number: None  # does something in it before each guess
    spelled: object = lambda name, number: name
    waits: tuple = WAITS


PLAIN = (
    Way("from another IP address each", waits=LONG),  # which spends the day's guesses
    Way("with an invented X-Forwarded-For each", lambda _: "203.0.113.9", forwarded),
    Way("from one IP address", lambda _: "203.0.113.8"),
    Way("without the cookies of the guess before", each=1),
    Way("with another User-Agent each", headers=disguised),
)


# Cookies


def with_cookies(target, ada):
    """Yield the ways that try the app's cookies: invented ones, and those of another user."""
    mallory, stranger = target.visitor(), target.visitor()
    marks = Marks(target)
    first = marks.user
    marks.prepare(mallory)
    target.form_at("/login", stranger)
    known = {one.decoded_key: one.decoded_value for one in [*mallory.cookies(), *ada.cookies()]}
    for one in stranger.cookies():
        known.pop(one.decoded_key, None)
    if known:
        yield Way("with an invented value for each cookie", before=inventing(known))
    if mallory.cookies():
        yield Way("with cookies of another user", each=FEW, prepare=Marks(target).prepare)
    if named := [one for one in mallory.cookies() if first in one.key + one.value]:
        how = f"with another user's cookie {named[0].key}, and the name in it changed"
        yield Way(how, each=FEW, prepare=Marks(target, target.ada).prepare)


def inventing(cookies):
    """Return what gives a browser other values of these cookies."""

    def before(browser, number):
        for key, value in cookies.items():
            browser.client.set_cookie(key, invented(value, number))

    return before


def invented(value, number):
    """Return another value of the same shape."""
    chance, is_hex = random.Random(number), set(value) <= {*HEX, "-"}  # noqa: S311
    kinds = {letter: kind for kind in ([HEX] if is_hex else KINDS) for letter in kind}
    return "".join(chance.choice(kinds.get(letter, letter)) for letter in value)


class Marks:
    """What the app leaves in browsers in which another user has logged in and out."""

    def __init__(self, target, name=""):
        """Take the cookies as they are, or put a name in the place of the other user's."""
        self.target, self.name, self.logins = target, name, 0

    @property
    def user(self):
        """The other user, who is a new one now and then."""
        return self.target.guest(100 + self.logins // LOGINS)

    def prepare(self, browser):
        """Log in and out in this browser; put the name into the cookies that are left."""
        if self.logins % LOGINS == 0:
            self.target.register(self.user)
        if self.target.log_in(self.user, browser=browser).browser.greets(self.user):
            self.target.log_out(browser)
        for one in browser.cookies() if self.name else ():
            key, value = one.decoded_key, one.decoded_value
            if self.user in key + value:
                swapped = (text.replace(self.user, self.name) for text in (key, value))
                browser.client.set_cookie(*swapped)
        self.logins += 1


# Names


def turned(letters, turn, number):
    """Return a text in which some letters are turned: those where the number's bits are set."""
    return "".join(turn(one) if number >> n & 1 else one for n, one in enumerate(letters))


def wide(letter):
    """Return a letter as East Asian text writes it, or what is not a letter as it is."""
    return chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter


SPELLINGS = {
    "with other capitals each": lambda name, n: turned(name, str.upper, n),
    "with spaces behind the name": lambda name, n: name + " " * (n % 40 + 1),
    "with spaces before the name": lambda name, n: " " * (n % 40 + 1) + name,
    "with wide letters each": lambda name, n: turned(name, wide, n),
    "with invisible letters each": lambda name, n: turned(name, "{}\u200b".format, n),
}


def with_spellings(target, name):
    """Yield the ways to spell a name with which its owner gets in."""
    for how, spelled in SPELLINGS.items():
        page = target.log_in(spelled(name, 3))
        if page.browser.greets(name):
            yield Way(how, spelled=spelled)
