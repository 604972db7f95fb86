"""A program that guesses passwords: in each way that it has, for a day of the app's clock."""

from itertools import count

from workbench.browser import cgi, encoded

from attacks.clocks import DAY
from attacks.visitor import SITE

MOST = 100  # guesses at one account that may be looked at within a day; NIST allows 100 in a row
WRONG = "wrong guess number "  # how each of them begins


class Account:
    """An account that is attacked, and how the app answers when it looks at a guess."""

    def __init__(self, target, name):
        """Log in, fail, and be an unknown name, once each: what do these hash?"""
        self.target, self.name = target, name
        right = target.work.salts(lambda: target.inside(name))
        unknown = target.people.named("edith")
        self.own = right - target.work.salts(lambda: target.log_in(unknown, f"{WRONG}0"))
        browser = target.visitor()
        form = target.form_at("/login", browser)
        self.status = post(browser, form, self.typed(f"{WRONG}0")).status_code

    def typed(self, password, spelled=""):
        """Return what is filled in."""
        return {"username": spelled or self.name, "password": password}

    def is_looked_at(self, answer, salts):
        """Say whether a guess was compared with the account's password, and not refused before."""
        checked = self.own & salts or not self.own
        return bool(checked) and (answer.status_code == self.status or answer.status_code < 400)


class Program:
    """It guesses in one way, and when it is refused, it waits: longer and longer."""

    def __init__(self, account, way, clock):
        """Begin with no guess."""
        self.account, self.way, self.clock, self.target = account, way, clock, account.target
        self.numbers, self.looked, self.waited, self.step, self.browser = count(1), 0, 0, 0, None

    def gets_in(self):
        """Say whether the right password opens the door after too many wrong ones within a day."""
        self.target.work.wrong = WRONG.encode()
        try:
            while self.looked <= MOST:
                if not self.comes_through():
                    return False
                self.looked += 1
            return self.comes_through(self.target.people.password) and self.is_in()
        finally:
            self.target.work.wrong = None

    def comes_through(self, password=""):
        """Say whether a guess is looked at: at once, in a new browser, or later that day."""
        if self.guess(password):
            return True
        for step, seconds in ((self.step, 0), *[*enumerate(self.way.waits)][self.step :]):
            if self.waited + seconds > DAY - 600:
                return False
            self.clock.wait(seconds + bool(seconds))
            self.waited, self.browser = self.waited + seconds, None
            if self.guess(password):
                self.step = step
                return True
        return False

    def guess(self, password=""):
        """Guess once; say whether the guess was looked at."""
        number, way = next(self.numbers), self.way
        self.open_form(number)
        way.before(self.browser, number)
        values = self.account.typed(
            password or f"{WRONG}{number}", way.spelled(self.account.name, number)
        )
        answers = []
        salts = self.target.work.salts(
            lambda: answers.append(post(self.browser, self.form, values))
        )
        return self.account.is_looked_at(answers[0], salts)

    def open_form(self, number):
        """Have a browser with the form open, at the address of this guess."""
        way, is_new = self.way, not self.browser
        if is_new or (way.each and number % way.each == 0):
            self.browser, is_new = self.target.visitor(), True
        disguise = {cgi(name): value for name, value in way.headers(number).items()}
        self.browser.client.environ_base |= {"REMOTE_ADDR": way.address(number), **disguise}
        if is_new:
            way.prepare(self.browser)
            self.form = self.target.form_at("/login", self.browser)

    def is_in(self):
        """Say whether the last guess has opened the door."""
        return self.browser.greets(self.account.name)

    def __str__(self):
        """Say what was done."""
        hours, minutes = self.waited // 3600, self.waited // 60
        time = f" in {hours} hours" if hours > 1 else f" in {minutes} minutes" if minutes else ""
        return f"{self.way.how}, {self.looked} wrong guesses{time}, then the right one"


def post(browser, form, values):
    """Send a form as a browser does; the answer is not looked at as a page."""
    data = encoded(form.filled_in(values, by_hand=False), *form.encoding)
    sent = {"Origin": SITE, "Referer": form.action, "Sec-Fetch-Site": "same-origin"}
    return browser.client.post(form.action, headers=sent, **data)
