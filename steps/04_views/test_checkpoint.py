"""Checkpoint 4: people can register and log in, and every refusal says why."""

import re
from urllib.parse import urlencode, urljoin

import pytest
from workbench.browser import HOME, Browser, is_ours
from workbench.causes import why_let_in, why_not_led
from workbench.finding import expect, require
from workbench.fixtures import listed
from workbench.lines import view_at
from workbench.markup import MARK, NAMES_LIKE_CODE
from workbench.odd import NAMES, send_oddities, words_beside
from workbench.oracles import OVER
from workbench.page import shorten
from workbench.people import ADA, GRACE, LUCY, MARY, STRANGER
from workbench.refusals import LIMIT, refused_by_form, stopped_before
from workbench.rivals import someone_faster
from workbench.silence import why_silent
from workbench.users import names_of
from workbench.ways import way_through

OF_A_NAME, OF_A_PASSWORD = (
    r"name|nom\b|nombre|taken|exists|in use",
    r"pass|contrase|secret|kennwort",
)
NUL = "gr\0ace"
VICTIM = "hopper"
FOREIGN = ("https://evil.example/", "//evil.example/", "/\\evil.example/")  # as browsers read them
OF_ANY_VISIT = ("_flashes", "_fresh", "_id", "_permanent", "csrf_token")  # entries of a session
SUCCESS = re.compile(r"(?i)successful|\bthank you\b|\b(?:account|user)\b.{,12}\bcreated\b")
REFUSAL = re.compile(r"(?i)n[o']t\b|\b(?:no|un\w+|could|cannot|already|error|fail\w*)\b")


@pytest.fixture
def reason(message):
    """Return a function that picks out of a page what a first visit does not show."""
    return lambda page: " ".join(message(page))


@pytest.fixture
def register(registered, fill_in, message, stored_users, judge):
    """Return a function that registers a user, and says whether a message refuses it, and why."""
    success = message(registered)

    def register(name, password):
        before = stored_users()
        page = fill_in("/register", name, password)
        after = stored_users()
        fact = f"users in the table: {listed(names_of(after))}"
        if len(after) == len(before):
            fact = f"the password of {name} has been changed"
        kept, said = after == before, message(page)
        if kept and (words := announced(said, success)):
            return False, {
                "got": page,
                "fact": f'a message of success: "{words}"',
                "want": "a message that refuses, and no message of success",
                "hint": "Which line says so, and does it run when the registration is refused?",
                "at": judge.copy.file_with(words),
                "word": re.escape(words),
                "shared": "a refusal sounds like a success",
            }
        shared = "" if said or not kept else f"no message, {page}"
        if shared and page.deeds.form_errors:
            return False, {"got": page, "shared": shared} | refused_by_form(page)
        return said and kept, {"got": page, "fact": "" if kept else fact, "shared": shared}

    return register


def announced(said, success):
    """Return the line of a refusal that has the words of a success, or nothing."""
    whole = bool(success) and set(success) <= set(said)  # a heading may be the same for both
    return next((line for line in said if (whole and line in success) or sounds_good(line)), "")


def sounds_good(line):
    """Say whether a line tells of a success, in English."""
    return bool(SUCCESS.search(line) and not REFUSAL.search(line))


@pytest.fixture
def second_user(registered, fill_in, stored_users, people):
    """A second user has registered, and ada's row has not changed."""
    before = stored_users()
    page = fill_in("/register", people.named(MARY), people.password)
    require(
        "a new user changes no other user",
        set(before) <= set(stored_users()),
        want=f"{people.ada}, with the same hash as before, when another user has registered",
        got=page,
        fact=f"users in the table: {listed(names_of(stored_users()))}",
        read="register",
        hint="Which object does the view fill in? Each registration needs a new one.",
    )


@pytest.fixture
def register_explains(registered, fill_in, new_browser, message, stored_users, people, proved):
    """At least one refused registration is explained on the page, to the visitor who sent it."""
    if "register_explains" in proved:
        return
    before = stored_users()
    first = fill_in("/register", people.ada, people.password)
    require(
        "a refused registration leaves every account as it is",
        stored_users() == before or first.hops,
        want=f"the users of before: {listed(names_of(before))}",
        got=first,
        fact=f"users in the table: {listed(names_of(stored_users()))}",
        read="register",
        hint="Which line changes or deletes a row when the name is taken?",
    )
    others = (fill_in("/register", *typed) for typed in [("", people.password), (people.ada, "")])
    require(
        "a refused registration says why, on the page",
        message(first) or any(message(page) for page in others),
        want="a message that the page does not show at first",
        why=lambda: why_silent(first, "What does the view do when the name is taken?"),
        read="show-messages",
    )
    if not announced(message(first), message(registered)):  # another check reports that
        require(**said_once(first, message(first)))
    require(**said_to_one(message(first), new_browser().get("/register")))
    require(**said_for_now(message(first), first.browser))
    proved.add("register_explains")


@pytest.fixture
def success_to_one(registered, fill_in, new_browser, message, people):
    """Only the visitor who registered sees the message of success, and it does not stay."""
    words = message(registered)
    form = new_browser().get("/register").password_form()
    page = registered.browser.submit(
        registered.password_form() or form, username=people.ada, password=people.other
    )
    left = set(words) if set(words) <= set(message(page)) else ()
    require(
        OVER,
        not left,
        want="after registering and then a wrong password, no word of the registration",
        got=page,
        fact=f'"{"".join(list(left)[:1])}"',
        read="show-messages",
        hint="Where is the message kept, and what removes it once it has been shown?",
    )
    mary = new_browser()
    values = {"username": people.named(MARY), "password": people.password}
    mary.submit(mary.get("/register").password_form(), follow=False, **values)
    require(**said_to_one(words, new_browser().get("/login")))


def said_once(page, words):
    """Return a Finding's words about a page that says one thing twice."""
    twice = next((one for one in words if words.count(one) > 1), "")
    flashed = [message for message, _ in page.deeds.flashed]
    if not twice and len(flashed) > 1 and all(page.says(message) for message in flashed):
        twice = '" and "'.join(flashed)
    return {
        "sentence": "one event makes one message",
        "kept": not twice,
        "want": "one message for one refusal",
        "got": f'"{twice}" at {page.path}',
        "read": "show-messages",
        "hint": "Which lines say so, and which templates show messages?",
        "at": page.template or page,
        "word": "get_flashed_messages",
    }


def said_for_now(words, browser):
    """Return a Finding's words about a message that stays, whatever page comes next."""
    later = [browser.get(path) for path in ("/login", "/register")]
    stays = [line for line in words if all(line in page.lines for page in later)]
    return {
        "sentence": OVER,
        "kept": not stays,
        "want": "the message once, and not on the pages that come later",
        "got": f'"{"".join(stays[:1])}" again, at {" and ".join(page.path for page in later)}',
        "read": "show-messages",
        "hint": "Where is the message kept, and what removes it once it has been shown?",
        "at": later[0].template or later[0],
    }


def said_to_one(words, other):
    """Return a Finding's words about a message that another visitor can read, too."""
    masked = {re.sub(r"\b(ada|mary)", "*", line, flags=re.I) for line in words}
    seen = [
        line for line in other.lines if re.sub(r"\b(ada|mary)", "*", line, flags=re.I) in masked
    ]
    return {
        "sentence": "a message is for the visitor who caused it",
        "kept": not seen,
        "want": "no message in the browser of a visitor who has done nothing",
        "got": f'"{"".join(seen[:1])}" at {other.path}, for another visitor',
        "read": "show-messages",
        "hint": "What do all visitors share? flash() keeps a message in each one's own session.",
        "at": other,
    }


@pytest.fixture
def login_explains(ada, register_explains, fill_in, reason, message, people):
    """The page after a login with a wrong password, which says so."""
    page = fill_in("/login", people.ada, people.other)
    let_in = page.greets(people.ada)
    require(
        "a wrong password is refused, and the page says so",
        reason(page) and not let_in,
        want="a message that the page does not show at first",
        why=lambda: (
            why_let_in(page)
            if let_in
            else why_silent(page, "What does the view show when the password is wrong?")
        ),
        read="log-in",
    )
    both = set(message(page)) if set(message(page)) <= set(ada.first_words) else ()
    require(
        "a refused login announces no success, and a login no refusal",
        not both,
        want="other words for a wrong password than for the right one",
        got=f'"{"".join(list(both)[:1])}", both times',
        read="log-in",
        hint="Which branch says so, and when does it run?",
        at=page,
    )
    require(**said_once(page, message(page)))
    return page


@pytest.fixture
def grace(ada, second_user, fill_in, stored_users, people):
    """The browser of Grace, who has a capital letter and a password of many kinds of letters."""
    name, password = people.named(GRACE).capitalize(), f" {people.other} é "
    fill_in("/register", name, password)
    if name.lower() not in map(str.lower, names_of(stored_users())):
        password = people.other
        fill_in("/register", name, password)
    stored = [one for one in names_of(stored_users()) if one.lower() == name.lower()]
    answer = fill_in("/login", name, password)
    browser = answer.browser
    page = browser.get("/welcome")
    view = view_at(browser.app, "/login", "POST")
    require(
        "a user who has registered can log in, even with a capital letter",
        not stored or page.says(name),
        want=f'{name}, who has registered with a capital letter, sees "{name}" at GET /welcome',
        got=page,
        why=lambda: why_not_the_same(answer, password, stored),
        read="log-in",
        at=view,
    )
    meanwhile = ada.get("/welcome")
    require(
        "two people can be logged in at the same time",
        not stored or meanwhile.says(people.ada),
        want=f'"{people.ada}" still sees "{people.ada}" when {name} has logged in elsewhere',
        got=meanwhile,
        read="log-in",
        hint="What do two visitors share? A login belongs in the session, which each has.",
        at=view_at(browser.app, "/welcome", "GET") if keeps_login(ada, browser) else view,
    )
    browser.known_as = (name, password) if stored else None
    return browser


def keeps_login(one, other):
    """Say whether two browsers hold logins of two users, whatever the page says of them."""
    ids = [browser.session().get("_user_id") for browser in (one, other)]
    return None not in ids and ids[0] != ids[1]


def why_not_the_same(answer, password, stored):
    """Find out why a user who is stored cannot log in: the limit, the password, or the name?"""
    if answer.status.startswith("429"):
        return {"fact": "the app's own limit is reached", "hint": LIMIT, "sure": True}
    checked = answer.deeds.checked[-1:]
    if checked and not checked[0][1]:
        fact = f'"{checked[0][0]}" was compared with the hash, and "{password}" was typed'
        hint = "What happens to a password, spaces around it included, in each of the two views?"
        return {"fact": fact, "hint": hint}
    hint = "What happens to capital letters when a visitor registers, and when they log in?"
    return {"fact": f'she is stored as "{listed(stored)}"', "hint": hint}


@pytest.fixture
def only_one(ada, fill_in, copy, people):
    """An account that only its password opens, and no other word that the app or a thief knows."""
    name, password = people.named(VICTIM), people.password
    fill_in("/register", name, password)
    known = words_beside(copy, r"(?i)\bif\b.*pass|pass.*(==|\bin\b)|==.*pass")
    for wrong in (password.swapcase(), password.replace(" ", ""), name, *known):
        answer = fill_in("/login", name, wrong)
        require(
            "an account opens only with its own password",
            wrong == password or not answer.deeds.logged_in,
            want=f'"{name}" cannot log in with the password "{wrong}"',
            got=answer,
            read="log-in",
            hint="Which line accepts this password, besides check_password()?",
            at=view_at(ada.app, "/login", "POST"),
            word=r"\bif .*password",
        )


@pytest.fixture
def not_from_within(grace, fill_in, people):
    """A user who is logged in has tried another user's account, with a wrong password."""
    if not grace.known_as:
        return
    name = grace.known_as[0]
    browser = fill_in("/login", people.ada, people.password).browser
    answer = fill_in("/login", name, "not " + people.other, browser=browser)
    page = browser.get("/welcome")
    require(
        "being logged in opens no other account",
        not page.greets(name),
        want=f'{people.ada}, who is logged in, needs the password of "{name}", too',
        got=page,
        read="log-in",
        hint="Who is current_user in this line: the owner of the account, or the visitor?",
        at=answer if answer.typed else None,
    )


@pytest.fixture
def exact_names(ada, fill_in, people):
    """A login looks for exactly the name that was typed."""
    for name in (people.ada[0] + "%", "' OR ''='"):
        page = fill_in("/login", name, people.password)
        let_in = page.browser.get("/welcome")
        require(
            "a login finds the user who has this name, and no other",
            not page.error and not let_in.greets(people.ada),
            want=f"no user has the name {name}",
            got=page if page.error else let_in,
            read="log-in",
            hint="What does the query make of such a name: a value to compare, or more than that?",
            at=page,
        )


@pytest.fixture
def each_name(ada, register_page, login_page, fill_in, stored_users, people):
    """Every name that can be registered can log in."""
    for name in (people.named(ADA).replace(ADA, one) for one in NAMES):
        before = stored_users()
        fill_in("/login", name, people.password)  # a wrong one
        fill_in("/register", name, people.other, follow=False)
        stored = [one for one in names_of(stored_users()) if one not in names_of(before)]
        known_as = name.strip() if stored == [name.strip()] else name  # spaces may be cleaned away
        answer = fill_in("/login", known_as, people.other)
        page = answer if answer.at("/welcome") else answer.browser.get("/welcome")
        forms = register_page.password_form(), login_page.password_form()
        require(
            "the login form accepts every name that the register form accepts",
            not stored or not forms[0].takes(username=name) or forms[1].takes(username=known_as),
            want=f"room for {len(known_as)} letters, which can be registered",
            got=forms[1],
            read="log-in",
            hint="Which attributes of a field limit what can be typed? The two forms differ.",
            at=login_page.template or login_page,
            word=r"(?:max|min)length=|pattern=",
        )
        is_in = page.opens() and answer.deeds.logged_in and not page.at("/login")
        require(
            "whatever name has been registered can log in",
            answer.error or not stored or is_in,
            want=f'"{shorten(name, 30)}" is refused by /register, or sees /welcome after a login',
            got=page,
            fact=f'stored as "{shorten(listed(stored), 30)}"',
            read="log-in",
            hint="What happens to a name when a visitor registers, and when they log in?",
            at=view_at(ada.app, "/login", "POST"),
        )


@pytest.fixture
def odd_names(ada, fill_in, stored_users, judge, people):
    """Names that look like code have been registered, typed at a login, and shown on a page."""
    for name in NAMES_LIKE_CODE:
        before = stored_users()
        fill_in("/login", name, people.password)
        fill_in("/register", name, people.password)
        if stored_users() != before:
            page = fill_in("/login", name, people.password)
            page = page if page.at("/welcome") else page.browser.get("/welcome")
            if not judge.findings:  # which would say more
                require(**shown_whole(page, name))
            fill_in("/register", name, "")  # the form comes back
            break
    for name in ("", "   ", NUL):
        fill_in("/login", name, people.password)
    fill_in("/register", NUL, people.password)


def shown_whole(page, name):
    """Return a Finding's words about a name that a page has changed where it shows it."""
    return {
        "sentence": "a name is shown as it was typed, and never becomes code",
        "kept": MARK not in page.text or page.says(name) or name.lower() in page.text.lower(),
        "want": f"{name} as text",
        "got": page,
        "read": "welcome",
        "hint": "What is done to the text after the name is in it? See format() and %.",
        "at": page.template or page,
    }


@pytest.fixture
def odd_visits(new_browser, ada, copy):
    """Addresses and cookies that no link and no page of the app has made."""
    for browser in (new_browser(), ada):
        send_oddities(browser, copy, ("/", "/register", "/login", "/welcome"))


@pytest.fixture
def foreign_link(ada, new_browser, people, copy):
    """The page that follows a login when the link to the login page names another site."""
    for address in FOREIGN if copy.mentions(r"\bnext\b") else FOREIGN[:1]:
        page = new_browser().get(f"/login?{urlencode({'next': address})}")
        if form := page.password_form():
            page = page.browser.submit(form, username=people.ada, password=people.password)
        led = [urljoin(HOME, location.replace("\\", "/")) for _, location in page.hops]
        require(
            "after logging in you stay on this site",
            all(map(is_ours, led)),
            want=f"a page of this site, also after /login?next={address}",
            got=page,
            read="log-in",
            hint="The author of a link chooses what next holds. Where may a login lead?",
        )
    return page


@pytest.fixture
def the_way(ada, stranger):
    """The pages lead to one another."""
    require(**way_through(stranger, ada))


@pytest.fixture
def works_on(fill_in, stored_users, people):
    """Return a function that checks that another visitor can register after a refusal."""

    def works_on(first):
        name = people.named(first)
        page = fill_in("/register", name, people.password)
        require(
            "after a refusal the next visitor can register",
            name in map(str.lower, names_of(stored_users())) and not page.error,
            want=f"a user named {name}, after another registration was refused",
            got=page,
            fact=f"users in the table: {listed(names_of(stored_users()))}",
            read="register",
            hint="What has the refusal left behind? See db.session.rollback().",
        )

    return works_on


def test_registering_leads_to_the_login_page(registered, login_page, request):
    """registering leads to the login page"""
    expect(
        registered.at("/login"),
        want="sent to /login",
        got=registered,
        read="register",
        why=lambda: why_not_led(
            registered, "/login", "Where does the view send a visitor who has registered?"
        ),
    )
    request.getfixturevalue("success_to_one")


@pytest.fixture
def names_like_ada(registered, fill_in, stored_users, message, people):
    """Names that look like ada's have been registered, and ada's account has not changed."""
    before = stored_users()
    for name in (people.ada.upper(), f" {people.ada} "):
        page = fill_in("/register", name, people.other)
        require(
            "a new user changes no other user",
            set(before) <= set(stored_users()),
            want=f'{people.ada}, with the same hash as before, when "{name}" has registered',
            got=page,
            fact=f"the password of {people.ada} has been changed",
            read="register",
            hint="Which row does the view write to, and how does it look for that row?",
        )
    taken = message(fill_in("/register", people.ada, people.other))
    free, like = (people.ada[0] + "_" + end for end in ("zz", people.ada[2:]))
    others = [stored_users()]
    for name in (free, like):
        page = fill_in("/register", name, people.other)
        others.append(stored_users())
    require(
        "a name that is still free can be registered",
        others[0] == others[1] or others[1] != others[2] or message(page) != taken,
        want=f"a user named {like}, as there is {people.ada}, and no {like}",
        got=page,
        read="register",
        hint="What do _ and % in a name mean to the query? For LIKE they match any character.",
    )


@pytest.fixture
def at_the_same_moment(app, fill_in, people):
    """Two visitors have asked for the same name at the same moment."""
    name = people.named("noether")
    with someone_faster(app, name) as written:
        page = fill_in("/register", name, people.password)
    require(
        "of two visitors who ask for one name at the same moment, each gets an answer",
        not written or not (page.error or page.status.startswith("5")),
        want="a message on the page for the one who was slower",
        got=page,
        read="register",
        hint="The name was free when the view looked. What does the database say at commit()?",
    )


def test_a_taken_name_is_refused(
    second_user, register_explains, register, works_on, people, request
):
    """a taken username is refused: a message on the page, and still one ada"""
    refused, seen = register(people.ada, people.other)

    expect(
        refused,
        read="register",
        **{"want": "a message on the page", "hint": hint_for_taken(seen)} | seen,
    )
    works_on(LUCY)
    request.getfixturevalue("names_like_ada")
    request.getfixturevalue("at_the_same_moment")


def hint_for_taken(seen):
    """Ask about the second row, which the database has accepted or refused."""
    if "has been changed" in seen["fact"]:
        return "Whose row does the view write to? What should it do with a name that exists?"
    if seen["got"].deeds.refused:
        return "The database refuses the second row. What can the view do about that?"
    return "Which line looks whether the name is taken, and what does the page say then?"


def test_an_empty_field_is_refused(register_explains, register, people):
    """an empty field is refused: a message on the page, and no new user"""
    for name, password in [("", people.password), (people.named(GRACE), "")]:
        refused, seen = register(name, password)

        expect(
            refused,
            read="register",
            **{
                "want": f'a message when username="{name}" and password="{password}"',
                "hint": "What does the view do with an empty username, and with an empty password?",
            }
            | seen,
        )


def test_a_long_password_is_refused(register_explains, register, fill_in, message, people):
    """a password above 72 bytes is refused: a message, and no new user"""
    taken = " ".join(message(fill_in("/register", people.ada, people.password)))
    refused, seen = register(people.named(GRACE), people.too_long)

    expect(
        refused,
        read="register",
        **{
            "want": f"a message for a password of {len(people.too_long.encode())} bytes",
            "hint": "What does set_password() do with more than 72 bytes?"
            if seen["fact"]
            else "set_password() raises ValueError. Where does the view catch it?",
        }
        | seen,
    )
    said = " ".join(message(seen["got"]))
    expect(
        said != taken
        or not re.search(OF_A_NAME, said, re.I)
        or re.search(OF_A_PASSWORD, said, re.I),
        want="a different reason from the one for a taken name",
        got=seen["got"],
        read="show-messages",
        hint="Which errors does the view catch, and does its message fit all of them?",
        at=seen["got"],
    )


def test_logging_in_leads_to_the_welcome_page(
    ada,
    grace,
    the_way,
    each_name,
    odd_names,
    odd_visits,
    foreign_link,
    login_page,
    fill_in,
    people,
    request,
):
    """logging in leads to the welcome page, which greets you by name"""
    page = fill_in("/login", people.ada, people.password)

    expect(
        page.greets(people.ada),
        want=f'sent to /welcome, and the page says "{people.ada}"',
        got=page,
        read="log-in",
        why=lambda: (
            stopped_before(page, login_page)
            or {"fact": f"{people.ada} is in the session" if page.deeds.logged_in else ""}
            | why_not_led(page, "/welcome", "Where does the view lead when the password is right?")
        ),
    )
    request.getfixturevalue("in_the_next_start")  # last, as it takes the place of this start


@pytest.fixture
def in_the_next_start(ada, copy, work_factors, people):
    """Ada can log in when the app has started again."""
    tried = copy.load()
    if tried.error:  # step 1 reports it
        return
    browser = Browser(tried.value)
    form = browser.get("/login").password_form()
    answer = form and browser.submit(form, username=people.ada, password=people.password)
    require(
        "a user who has registered can log in when the app starts again",
        form and answer.deeds.logged_in,
        want=f"{people.ada} is logged in after the second start",
        got=answer or "no form at /login",
        read="log-in",
        hint="What does the login view look at that is gone when the program ends?",
        at=view_at(tried.value, "/login", "POST"),
    )


def test_a_wrong_password_lets_nobody_in(
    login_explains, grace, only_one, not_from_within, fill_in, message, people
):
    """a wrong password lets no one in: /welcome still greets no one"""
    page = login_explains.browser.get("/welcome")

    expect(
        not page.greets(people.ada),
        want=f'no "{people.ada}" at GET /welcome',
        got=page,
        read="log-in",
        hint="Does login_user() run before the password is checked?",
        at=login_explains,
    )
    for name, password in crosswise(grace.known_as, people):
        answer = fill_in("/login", name, password)
        page = answer.browser.get("/welcome")

        expect(
            not answer.deeds.logged_in,
            want=f'"{name}" cannot log in with the password of another user',
            got=page,
            read="log-in",
            hint="Whose hash is compared with the password, and who is logged in then?",
            at=answer,
        )
    browser, said = login_explains.browser, message(login_explains)
    page = fill_in("/login", people.ada, people.password, browser=browser)
    later = [page, browser.get("/welcome"), browser.get("/")] if page.at("/welcome") else []
    left = set(said) if set(said) <= {line for one in later for line in one.lines} else ()
    require(
        OVER,
        not left,
        want="after a wrong password and then the right one, no word of the wrong one",
        got=page,
        fact=f'"{"".join(list(left)[:1])}"',
        read="log-in",
        hint="Which branch says so, and when does it run? Which page shows the message?",
        at=login_explains,
    )
    twice = next((line for line in said if said.count(line) > 1), "")
    expect(
        not twice,
        want="each message once",
        got=login_explains,
        fact=f'twice on the page: "{twice}"',
        read="log-in",
        hint="How often is flash() called, and how many templates show its messages?",
        at=login_explains.template,
        word="get_flashed_messages",
    )


def crosswise(grace, people):
    """Return pairs of a name and another user's password, if grace could register."""
    return [(people.ada, grace[1]), (grace[0], people.password)] if grace else []


def test_nobody_learns_which_names_exist(
    login_explains, fill_in, reason, new_browser, people, request
):
    """an unknown username gets the same answer as a wrong password"""
    wrong, unknown = login_explains, fill_in("/login", STRANGER, people.password)
    told = [f'{page.status}, with the message "{reason(page)}"' for page in (wrong, unknown)]

    expect(
        same_words(wrong, unknown, fill_in, people) and not unknown.error,
        want=told[0],
        got=unknown if unknown.error or unknown.at("/welcome") else told[1],
        read="log-in",
        hint="Which user does the query find when the name is unknown?"
        if unknown.at("/welcome")
        else "Two different answers tell a stranger which names are taken.",
        at=unknown,
    )
    for what, (known, stranger) in traces(wrong, unknown, people).items():
        require(
            "nothing that comes back tells whether a name exists",
            known == stranger or unknown.error or unknown.at("/welcome"),
            want=f"the same {what}: {known}",
            got=f"{what} for an unknown name: {stranger}",
            read="log-in",
            hint="Which line runs only where a user was found?",
            at=unknown,
        )
    shown = {people.ada, STRANGER} & set(values_in(new_browser().get("/login")))
    require(
        "what a visitor types is shown to no other visitor",
        not shown,
        want="an empty login form for the next visitor",
        got=f"a form that holds {listed(shown)}",
        read="log-in",
        hint="What do all visitors share? A variable of the module is the same for everyone.",
        at=unknown,
    )
    request.getfixturevalue("exact_names")  # after that, as it asks for unknown names, too


def traces(wrong, unknown, people):
    """Return {what: what each of two refused logins has left in it}, the names aside."""
    pairs = [(wrong, people.ada), (unknown, STRANGER)]
    return {
        "session": [entries_of(page.browser.session(), name) for page, name in pairs],
        "form": [["*" if one == name else "" for one in values_in(page)] for page, name in pairs],
    }


def entries_of(session, name):
    """Return what an app has put into a session, as text; what is long or changes is left out."""
    kept = {key: value for key, value in session.items() if key not in OF_ANY_VISIT}
    short = {key: value if len(str(value)) < 4 else "..." for key, value in kept.items()}
    return sorted(f"{key}={value}".replace(name, "*") for key, value in short.items())


def values_in(page):
    """Return what the fields of a page's forms hold."""
    return [field.get("value") for form in page.forms for field in form.fields]


def same_words(wrong, unknown, fill_in, people):
    """Say whether two refusals read the same; numbers, and what differs each time, aside."""
    masked = rf"(?i){re.escape(people.ada)}|{STRANGER}|\d+"  # a number may count attempts
    if wrong.status != unknown.status or wrong.path != unknown.path:
        return False
    if re.sub(masked, "*", wrong.text) == re.sub(masked, "*", unknown.text):
        return True
    again = fill_in("/login", people.ada, people.other), fill_in("/login", people.ada, people.other)
    changing = {place for page in again for place, _ in set(page.placed) ^ set(wrong.placed)}
    still = [
        [(place, re.sub(masked, "*", text)) for place, text in page.placed if place not in changing]
        for page in (wrong, unknown)
    ]
    return still[0] == still[1]


def test_a_long_password_is_a_wrong_password(login_explains, fill_in, reason, stored_users, people):
    """logging in with a password above 72 bytes is refused like any wrong one"""
    page = fill_in("/login", people.ada, people.too_long)

    expect(
        reason(page),
        want=f"a message for a password of {len(people.too_long.encode())} bytes",
        got=page,
        read="log-in",
        hint="What does check_password() do with more than 72 bytes?",
    )
    hashes = [one for _, one in stored_users() if str(one).startswith("$2")]
    page = fill_in("/login", people.ada, hashes[0]) if hashes else page

    expect(
        not page.deeds.logged_in,
        want=f"the hash of {people.ada} is not the password",
        got=page,
        read="log-in",
        hint="What is compared besides the hash? See check_password().",
        at=page,
        shared="the hash is taken for the password",
    )


def test_the_address_logs_nobody_in(ada, new_browser, fill_in, stored_users, people):
    """a password in the address logs no one in: only the form does"""
    browser = new_browser()
    typed = urlencode({"username": people.ada, "password": people.password})
    answer = browser.get(f"/login?{typed}")
    page = browser.get("/welcome")

    expect(
        not page.greets(people.ada),
        want=f'no "{people.ada}" at GET /welcome',
        got=page,
        read="log-in",
        hint="request.form holds what was posted. What do request.args and request.values hold?",
        at=answer,
    )
    before = stored_users()
    typed = urlencode({"username": people.named(MARY), "password": people.password})
    answer = browser.get(f"/register?{typed}")

    expect(
        stored_users() == before,
        want="no new user after GET /register, whatever the address holds",
        got=f"users in the table: {listed(names_of(stored_users()))}",
        read="register",
        hint="A link can send GET. Which requests may store a user?",
        at=answer,
    )


def test_a_stranger_is_not_greeted(stranger, people):
    """a stranger at /welcome sees no name, and no error"""
    page = stranger.get("/welcome")
    handler = page.browser.app.login_manager.unauthorized_callback

    expect(
        page.opens() and not page.greets(people.ada),
        want="a page without a name, or the way to the login page",
        got=page,
        read="welcome",
        hint="A stranger has no name: see current_user.is_authenticated.",
        at=handler if page.deeds.turned_away and handler else None,
    )
