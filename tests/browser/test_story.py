"""The story of one user, in a real browser."""

import re
import shutil

import pytest
from browser.conftest import fill_in, log_in, register
from playwright.sync_api import expect
from workbench.people import ANOTHER_PASSWORD, PASSWORD

THIRD_PASSWORD = "seven looms are singing in the attic"
on_every_app = pytest.mark.parametrize("address", ["04_views", "05_logout", "final"], indirect=True)
with_logout = pytest.mark.parametrize("address", ["05_logout", "final"], indirect=True)
on_final = pytest.mark.parametrize("address", ["final"], indirect=True)


def greets(page, name="ada"):
    """Expect the welcome page of this user."""
    expect(page).to_have_url(re.compile("/welcome$"))
    expect(page.locator("body")).to_contain_text(f"Hello, {name}.")


def asks_to_log_in(page):
    """Expect the login page."""
    expect(page).to_have_url(re.compile(r"/login(\?|$)"))
    expect(page.locator("input[type=password]")).to_be_visible()


@on_every_app
def test_register_and_log_in(browser):
    """A wrong password is refused with a message and keeps the name; the right one lets ada in."""
    register(browser)
    log_in(browser, password=ANOTHER_PASSWORD)

    expect(browser.locator("body")).to_contain_text("Wrong username or password")
    expect(browser.get_by_label("Username")).to_have_value("ada")
    expect(browser.locator("input[type=password]")).to_have_value("")
    fill_in(browser, "Log in")
    greets(browser)


@on_every_app
def test_the_keyboard_is_enough(browser):
    """Tab leads through the form in the order in which it is read, and Enter sends it."""
    register(browser)
    browser.goto("/login")
    for _ in range(12):
        browser.keyboard.press("Tab")
        if browser.evaluate("document.activeElement.name") == "username":
            break
    browser.keyboard.type("ada")
    browser.keyboard.press("Tab")
    browser.keyboard.type(PASSWORD)
    browser.keyboard.press("Enter")

    greets(browser)


@with_logout
def test_logging_out(browser):
    """The button leads to the login page, and /welcome asks for a login again."""
    register(browser)
    log_in(browser)
    browser.get_by_role("button", name="Log out").first.click()

    asks_to_log_in(browser)
    browser.goto("/welcome")
    asks_to_log_in(browser)


@on_final
def test_back_shows_nothing_after_a_logout(browser):
    """The browser has kept no page of ada's: Back asks the server, and it asks to log in."""
    register(browser)
    log_in(browser)
    browser.goto("/account")
    browser.get_by_role("button", name="Log out").first.click()
    asks_to_log_in(browser)
    browser.go_back()

    asks_to_log_in(browser)


@on_final
def test_a_login_leads_where_the_visitor_wanted_to_go(browser):
    """A visitor without a login who asks for /account arrives there, and not elsewhere."""
    register(browser)
    browser.goto("/account")
    fill_in(browser, "Log in", "ada")

    expect(browser).to_have_url(re.compile("/account$"))
    browser.goto("/login")
    expect(browser).to_have_url(re.compile("/welcome$"))


@on_final
def test_a_login_from_a_link_of_an_attacker_stays_here(browser):
    """Whatever next says, the login leads to a page of this site."""
    register(browser)
    for wanted in ("//evil.example", "/\\evil.example", "https:evil.example"):
        browser.context.clear_cookies()
        log_in(browser, path=f"/login?next={wanted}")
        greets(browser)


@pytest.mark.parametrize("remembers", [True, False], ids=["remembered", "forgotten"])
@on_final
def test_a_browser_that_starts_again(remembers, chromium, address, watch, tmp_path):
    """It is logged in if ada has ticked the box, and only then."""

    def started():
        path = shutil.which("chromium")
        context = chromium.launch_persistent_context(
            tmp_path, executable_path=path, base_url=address
        )
        return watch(context)

    first = started()
    page = first.new_page()
    register(page)
    page.goto("/login")
    if remembers:
        page.get_by_role("checkbox").check()
    fill_in(page, "Log in", "ada")
    greets(page)
    first.close()
    second = started()
    page = second.new_page()
    page.goto("/welcome")

    greets(page) if remembers else asks_to_log_in(page)
    second.close()


@on_final
def test_one_browser_ends_the_login_of_another(new_browser):
    """The account page lists both browsers, and its button logs the other one out."""
    here, there = new_browser(), new_browser()
    register(here)
    log_in(here)
    log_in(there)
    greets(there)
    here.goto("/account")
    expect(here.locator(".logins li")).to_have_count(2)
    here.get_by_role("button", name=re.compile("^Log out .+ on ")).click()

    expect(here.locator(".logins li")).to_have_count(1)
    there.reload()
    asks_to_log_in(there)


@on_final
def test_a_new_password_ends_the_other_logins(new_browser):
    """The browser in which it was changed stays logged in, with the new password alone."""
    here, there = new_browser(), new_browser()
    register(here)
    log_in(here)
    log_in(there)
    here.goto("/account/password")
    here.get_by_label("Current password").fill(PASSWORD)
    for field in here.locator("[autocomplete=new-password]").all():
        field.fill(THIRD_PASSWORD)
    here.get_by_role("button", name="Change the password").click()

    expect(here).to_have_url(re.compile("/account$"))
    there.reload()
    asks_to_log_in(there)
    log_in(there)
    expect(there.locator("body")).to_contain_text("Wrong username or password")
    log_in(there, password=THIRD_PASSWORD)
    greets(there)


@on_final
def test_deleting_the_account(new_browser):
    """Nothing of it is left: the other browser is logged out, and the name is free again."""
    here, there = new_browser(), new_browser()
    register(here)
    log_in(here)
    log_in(there)
    here.goto("/account/delete")
    fill_in(here, "Delete the account")
    expect(here).not_to_have_url(re.compile("/delete$"))

    there.reload()
    asks_to_log_in(there)
    register(there)
