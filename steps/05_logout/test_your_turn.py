"""Your turn 5: a second page for users, and a login that leads back to where they were going."""

import re
from urllib.parse import urlencode, urljoin

import pytest
from workbench.browser import is_ours
from workbench.finding import expect, require
from workbench.page import HOME

ELSEWHERE = (  # as browsers read them: each leads to another site
    *("https://evil.example/", "//evil.example/", "/\\evil.example/", "\\\\evil.example"),
    *("///evil.example/", "https:evil.example", " https://evil.example/", "javascript:alert(1)"),
)


@pytest.fixture
def account(ada, people):
    """The page /account, as ada sees it who has logged in."""
    page = ada.get("/account")
    require(
        "there is a page /account for users who are logged in",
        page.at("/account") and page.says(people.ada),
        want=f'200 OK at /account, and the page says "{people.ada}"',
        got=page,
        read="your-turn",
        hint="Which lines of /welcome make it a page for users?",
    )
    return page


@pytest.fixture
def at_the_login(account, new_browser):
    """The login page, at which a stranger has arrived who asked for /account."""
    page = new_browser().get("/account")
    require(
        "a stranger who asks for /account is sent to log in",
        page.at("/login") and page.password_form(),
        want="sent to /login, with the form",
        got=page,
        read="your-turn",
        hint="Which decorator guards /welcome?",
    )
    return page


def log_in(page, people, password=None):
    """Fill in the form of a login page as ada, and return the page that answers."""
    password = password or people.password
    return page.browser.submit(page.password_form(), username=people.ada, password=password)


def test_a_login_leads_back(at_the_login, people):
    """a visitor who asked for /account arrives there after logging in"""
    page = log_in(at_the_login, people)

    expect(
        page.at("/account"),
        want="sent to /account",
        got=page,
        read="your-turn",
        hint="What does Flask-Login add to the address of the login page?",
    )


def test_a_wrong_password_does_not_lose_the_way(at_the_login, people):
    """the way to /account is not lost when the first password was wrong"""
    refused = log_in(at_the_login, people, people.password[:-1])
    form = refused.password_form()
    page = log_in(refused, people) if form else refused

    expect(
        page.at("/account"),
        want="sent to /account after the second try",
        got=page,
        read="your-turn",
        hint="Which address is the form sent to, and does it still say where to go next?",
    )


def test_without_next_a_login_leads_to_the_welcome_page(account, fill_in, people):
    """a login at /login itself still leads to /welcome"""
    page = fill_in("/login", people.ada, people.password)

    expect(
        page.at("/welcome"),
        want="sent to /welcome",
        got=page,
        read="your-turn",
        hint="Where does the view lead if the address has no next?",
    )


def test_a_login_leads_to_no_other_site(at_the_login, new_browser, people):
    """whatever the link to the login page says, the login stays on this site"""
    for address in ELSEWHERE:
        page = new_browser().get(f"/login?{urlencode({'next': address})}")
        page = log_in(page, people) if page.password_form() else page
        expect(
            all(is_ours(as_a_browser_reads(place)) for _, place in page.hops) and not page.error,
            want=f"a page of this site, also after /login?next={address}",
            got=page,
            read="your-turn",
            hint="Anyone can write such a link. Which addresses do you want to allow?",
        )


def as_a_browser_reads(place):
    """Return the address to which a Location header leads a browser (WHATWG, URL Standard)."""
    place = re.sub(r"[\t\r\n]", "", place.strip()).replace("\\", "/")
    return urljoin(HOME, re.sub(r"^//+", "//", place))
