"""Chapter 8: getting back in."""

import re
from urllib.parse import unquote, urljoin

from workbench.forms import same_path

from attacks.clocks import DAY, later
from attacks.forging import made_up, pieces, words_of
from attacks.verdicts import Chapter, fails, succeeds
from attacks.visitor import SITE
from attacks.work import HASH

chapter = Chapter(8, "Getting back in")
RESET = (r"def reset\w*\(.*token|def .*reset", r"reset")


@chapter.attack(
    "Use a reset link again",
    "What in a link is no longer true once it has been used?",
    *RESET,
)
def reset_again(target):
    """A reset link that has been used lets its finder choose another password."""
    target.victim()
    link = target.reset_link()
    target.reset(link, target.passwords[1])
    return chosen(target, link, "a link that has been used")


@chapter.attack(
    "Use a reset link twice at once",
    "Two requests can both find a link unused. What decides when both of them write?",
    *RESET,
)
def reset_twice(target):
    """Two requests at once choose two passwords with one reset link."""
    target.victim()
    link, (_, new, third) = target.reset_link(), target.passwords
    with target.work.meanwhile(HASH, lambda: target.use_link(link, new)) as done:
        target.use_link(link, third)
    if not done:
        target.reset(link, new)
    if target.is_in(password=third):
        return succeeds("two requests with one link both went through, and the later one decides")
    if target.is_in(password=new):
        return fails()
    target.reset(target.reset_link(), new)
    return fails()


@chapter.attack(
    "Find a reset link of yesterday",
    "How does your app know when a link was made? See max_age of itsdangerous.",
    r"reset.*max_age",
    r"(loads|unsign|token).*max_age",
    *RESET,
)
def reset_yesterday(target):
    """A reset link found a day later still lets its finder choose a password."""
    target.victim()
    link = target.reset_link()
    with later(DAY + 60):
        verdict = chosen(target, link, "a link of yesterday")
    target.reset(target.reset_link(), target.passwords[1])
    return verdict


@chapter.attack(
    "Use an older reset link",
    "What happens to the other links of a user when one of them is used, or the password changes?",
    *RESET,
)
def reset_older(target):
    """A reset link still works after another one was used, or after the password changed."""
    target.victim()
    with later(-2):  # or two links that hold the time might be the same
        older = target.reset_link()
    link, (_, new, _) = target.reset_link(), target.passwords
    if older != link:
        target.reset(link, new)
        verdict = chosen(target, older, "an older link, after a newer one was used,")
        if verdict.kind == "succeeds" or not target.features.change:
            return verdict
    else:
        target.reset(link, new)
    link = target.reset_link()
    if target.features.change:
        target.changed(target.inside(password=new), new, target.passwords[0])
        return chosen(target, link, "a link from before the password was changed")
    return fails()


@chapter.attack(
    "Use my reset link for another user",
    "Whose password does the form change: that of the signed link, or of a name that is sent?",
    *RESET,
)
def reset_other(target):
    """A reset link for one user changes another user's password."""
    mallory, (_, new, third) = target.people.named("mallory"), target.passwords
    target.victim()
    target.register(mallory)
    link = target.reset_link(mallory)
    for other, how in others(link, mallory, target.ada):
        browser = target.visitor()
        page = browser.get(other)
        form = page.password_form()
        if not form or form.asks_for("username", "password"):
            continue
        named = [
            one for one in form.fields if one.get("name") and one.get("value") in (mallory, "2")
        ]
        swapped = {one["name"]: target.ada if one["value"] == mallory else "1" for one in named}
        data = [
            (n, swapped.get(n, v)) for n, v in form.filled_in({"password": third}, by_hand=False)
        ]
        data += [(n, target.ada) for n in ("username", "user") if n not in dict(data)]
        browser._open("POST", form.action, data, form.encoding)
        if target.is_in(password=third):
            return succeeds(f"{mallory}'s link {how} changes the password of {target.ada}")
    target.reset(target.reset_link(mallory), new) if not target.is_in(mallory, third) else None
    return fails()


def others(link, own, other):
    """Yield (link, what was changed) of links that may be for another user."""
    yield link, "with another name in the form"
    mark = "&" if "?" in link else "?"
    yield f"{link}{mark}username={other}&user={other}&user_id=1&id=1", "with another name behind it"
    if own in link:
        yield link.replace(own, other), "with another name in it"
    if re.search(r"(?<=[/=])2(?=[/&?]|$)", link):
        yield re.sub(r"(?<=[/=])2(?=[/&?]|$)", "1", link), "with another number in it"


@chapter.attack(
    "Forge a reset link",
    "Which part of a link can't be written without your key? Is anything else signed the same way?",
    r"reset.*(dumps|token|link)|(dumps|Serializer|Signer)\(",
    *RESET,
)
def reset_forge(target):
    """A reset link that someone else made up changes another user's password."""
    mallory, (_, new, third) = target.people.named("mallory"), target.passwords
    ada = target.victim()
    target.register(mallory)
    target.inside(mallory)  # as often as ada, where logins are counted
    attacker = target.visitor()
    target.reset_link()  # the number of ada's link may be the one before mallory's
    link, before = target.reset_link(mallory), target.stored_hash(target.ada)
    form = attacker.get(link).password_form()
    swaps = [(mallory, target.ada), (target.number(mallory), target.number(target.ada))]
    given = [(one.decoded_value, f"with the cookie {one.key} in it") for one in ada.cookies()]
    for other, how in made_up(link, swaps, words_of(target.copy), given):
        open_made_up(target.visitor().keep(attacker.cookies()), form, (link, other), third)
        if target.stored_hash(target.ada) != before and target.is_in(password=third):
            return succeeds(f"{mallory}'s link, {how}, changes the password of {target.ada}")
    target.reset(target.reset_link(), new)
    return fails()


def open_made_up(browser, form, links, password):
    """Open the second of two links, and send its form, or else that of the first one."""
    link, other = links
    own = browser.get(other).password_form()
    if own and not own.asks_for("username", "password"):
        browser.submit(own, by_hand=False, password=password)
    elif form:
        parts = zip(pieces(link), pieces(other), strict=True)
        new = {unquote(old): unquote(new) for old, new in parts if len(old) > 1}
        data = form.filled_in({"password": password}, by_hand=False)
        data = [(name, new.get(value, value)) for name, value in data]
        action = urljoin(SITE, other) if same_path(form.action, link) else form.action
        browser._open("POST", action, data, form.encoding)


@chapter.attack(
    "Stay in after a reset",
    "A reset is what people do when someone else is in. Does it end the other logins?",
    *RESET,
)
def reset_stay(target):
    """Someone logged in with a stolen password stays in after its owner's reset."""
    stolen = target.victim()
    copied = stolen.cookies()
    target.reset(target.reset_link(), target.passwords[1])
    if stolen.greets(target.ada) or target.thief(copied).greets(target.ada):
        return succeeds("a login from before the reset still opens /welcome")
    return fails()


def chosen(target, link, what):
    """Try to choose a third password with a link; return the verdict."""
    third = target.passwords[2]
    target.use_link(link, third)
    if target.is_in(password=third):
        return succeeds(f"{what} has changed the password")
    return fails()
