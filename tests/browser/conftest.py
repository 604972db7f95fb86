"""Chromium visits step 4, step 5 and final/, and everything that it complains about is noted."""

import shutil

import pytest
from examiner import STEPS
from pictures import served
from readmes import FINAL
from workbench.people import PASSWORD

APPS = {"04_views": STEPS[3], "05_logout": STEPS[4], "final": FINAL}


@pytest.fixture(scope="module")  # its event loop runs until it is closed, and no other one may
def chromium():
    """Debian's Chromium, driven by Playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with api.sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="module")
def started(chromium):
    """A Chromium without a profile: each of its contexts is a browser with cookies of its own."""
    browser = chromium.launch(executable_path=shutil.which("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def address(request):
    """The address of a fresh copy of an app, which is served until the test ends."""
    with served(APPS[request.param]) as address:
        yield address


@pytest.fixture
def watch(address):
    """Return a function that notes what a browser complains about, or asks of other hosts."""
    noted = []

    def watch(context):
        context.on("console", lambda message: noted.append(message.text) if is_ours(message) else 0)
        context.on("weberror", lambda error: noted.append(str(error.error)))
        context.on("request", lambda asked: elsewhere(asked.url))
        return context

    def elsewhere(url):
        if not url.startswith((address, "data:")):
            noted.append(f"a request to {url}")

    yield watch
    assert noted == []


def is_ours(message):
    """Say whether a message of the console is more than the status of a page that was refused."""
    return not message.text.startswith(
        "Failed to load resource: the server responded with a status of 4"
    )


@pytest.fixture
def new_browser(started, address, watch):
    """Return a function that opens the page of a new browser, with these settings."""
    contexts = []

    def new_browser(**settings):
        contexts.append(watch(started.new_context(base_url=address, **settings)))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        return page

    yield new_browser
    for context in contexts:
        context.close()


@pytest.fixture
def browser(new_browser):
    """The page of a browser that has visited nothing yet."""
    return new_browser()


def fill_in(page, button, username=None, password=PASSWORD):
    """Fill in the form that is open, and press its button."""
    if username:
        page.get_by_label("Username").fill(username)
    for field in page.locator("input[type=password]").all():
        field.fill(password)
    page.get_by_role("main").or_(page.locator("body")).get_by_role(
        "button", name=button
    ).last.click()


def register(page, username="ada"):
    """Register on the register page."""
    page.goto("/register")
    fill_in(page, "Register", username)
    page.wait_for_url("**/login")


def log_in(page, username="ada", password=PASSWORD, path="/login"):
    """Log in on the login page, or on the page that leads to it."""
    page.goto(path)
    fill_in(page, "Log in", username, password)
    page.wait_for_load_state()
