"""Chapter 8: getting back in."""

import re
from urllib.parse import unquote, urljoin

from workbench.attempt import attempt
from workbench.forms import same_path

from attacks.clocks import DAY, later
from attacks.features import names_in
from attacks.forging import made_up, pieces
from attacks.keys import words_of
from attacks.verdicts import Chapter, fails, succeeds
from attacks.visitor import SITE, outliving
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

    def be_faster():
        target.use_link(link, new)
        return attempt(target.is_in, password=new).value  # the other one may keep the database

    with target.work.meanwhile(HASH, be_faster) as done:
        target.use_link(link, third)
    if not done:
        target.reset(link, new)
    if any(done) and target.is_in(password=third):
        return succeeds("two requests with one link both went through, and the later one decides")
    if target.is_in(password=new) or target.is_in(password=third):
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
    link, swaps = target.reset_link(mallory), swaps_of(target, mallory)
    for other, how in others(link, swaps):
        browser = target.visitor()
        _, form = target.reset_form(other, browser, mallory)
        if not form:
            continue
        typed = names_in(form, target.ada) | {"password": third}
        filled = form.filled_in(typed, by_hand=False)
        data = [(name, dict(swaps).get(value, value)) for name, value in filled]
        data += [(n, target.ada) for n in ("username", "user") if n not in dict(data)]
        browser._open("POST", form.action, data, form.encoding)
        if target.is_in(password=third):
            return succeeds(f"{mallory}'s link {how} changes the password of {target.ada}")
    if not target.is_in(mallory, third):
        target.reset(target.reset_link(mallory), new, mallory)
    return fails()


def swaps_of(target, own):
    """Return pairs of what names a user, and what names ada: the name, the number."""
    return [(own, target.ada), (target.number(own), target.number(target.ada))]


def others(link, swaps):
    """Yield (link, what was changed) of links that may be for another user."""
    (own, other), (number, its) = swaps
    yield link, "with another name in the form"
    mark = "&" if "?" in link else "?"
    more = f"username={other}&user={other}&user_id={its}&id={its}"
    yield f"{link}{mark}{more}", "with another name behind it"
    if own in link:
        yield link.replace(own, other), "with another name in it"
    place = rf"(?<=[/=]){re.escape(number)}(?=[/&?]|$)"
    if re.search(place, link):
        yield re.sub(place, its, link), "with another number in it"


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
    _, form = target.reset_form(link, attacker, mallory)
    swaps = swaps_of(target, mallory)
    given = [(one.decoded_value, f"with the cookie {one.key} in it") for one in ada.cookies()]
    for other, how in made_up(link, swaps, words_of(target.copy), given):
        browser = target.visitor().keep(attacker.cookies())
        open_made_up(target, browser, form, (link, other), third)
        if target.stored_hash(target.ada) != before and target.is_in(password=third):
            return succeeds(f"{mallory}'s link, {how}, changes the password of {target.ada}")
    target.reset(target.reset_link(), new)
    return fails()


def open_made_up(target, browser, form, links, password):
    """Open the second of two links, and send its form, or else that of the first one."""
    link, other = links
    _, own = target.reset_form(other, browser)
    if own:
        typed = names_in(own, target.ada)
        browser.submit(own, by_hand=False, **typed, password=password)
    elif form:
        parts = zip(pieces(link), pieces(other), strict=True)
        new = {unquote(old): unquote(new) for old, new in parts if len(old) > 1}
        typed = names_in(form, target.ada) | {"password": password}
        data = form.filled_in(typed, by_hand=False)
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
    stays = target.inside(remember=True)
    target.reset(target.reset_link(), target.passwords[1])
    for browser, copied in ((stolen, stolen.cookies()), (stays, outliving(stays.cookies()))):
        if browser.greets(target.ada) or target.thief(copied).greets(target.ada):
            kind = "login" if browser is stolen else "remember-me cookie"
            return succeeds(f"a {kind} from before the reset still opens /welcome")
    return fails()


def chosen(target, link, what):
    """Try to choose a third password with a link; return the verdict."""
    third = target.passwords[2]
    target.use_link(link, third)
    if target.is_in(password=third):
        return succeeds(f"{what} has changed the password")
    return fails()
