"""Every page, in light and dark, wide and narrow: no barrier, no sideways scrolling."""

import pytest
from browser.conftest import APPS, fill_in, log_in, register

OPEN = ["/", "/register", "/login"]
PAGES = {
    "04_views": (OPEN, ["/welcome"]),
    "05_logout": (OPEN, ["/welcome"]),
    "final": (
        [*OPEN, "/nowhere"],
        ["/welcome", "/account", "/account/password", "/account/delete"],
    ),
}
WIDTHS = (320, 1280)
STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}  # the law's part


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", APPS, indirect=True)
def test_no_page_has_a_barrier(address, scheme, new_browser, request):
    """axe-core finds nothing, on a refused form either; final/ keeps its best practices, too."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = new_browser(color_scheme=scheme)
    app = request.node.callspec.params["address"]
    (for_strangers, for_users), options = PAGES[app], None if app == "final" else STANDARD
    found = []

    def look():
        if options:  # axe takes a page without a background for white, in the dark, too
            page.add_style_tag(content="html { background: Canvas }")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            rules = [rule["id"] for rule in axe.run(page, options=options).response["violations"]]
            wide = page.evaluate("document.documentElement.scrollWidth")
            rules += [f"scrolls sideways to {wide}"] if wide > width else []
            found.extend((page.url.removeprefix(address), width, rule) for rule in rules)

    for path in for_strangers:
        page.goto(path)
        look()
    register(page)
    page.goto("/register")
    fill_in(page, "Register", "ada")
    look()
    log_in(page)
    for path in for_users:
        page.goto(path)
        look()

    assert found == []


@pytest.mark.parametrize("address", ["final"], indirect=True)
def test_without_scripts_everything_works(new_browser):
    """Passwords can be shown, and times name their zone, where no script runs."""
    page = new_browser(java_script_enabled=False)
    register(page)
    page.goto("/login")
    page.get_by_role("link", name="Show the password").click()

    assert page.locator("[name=password]").get_attribute("type") == "text"
    page.get_by_role("link", name="Hide the password").click()
    fill_in(page, "Log in", "ada")
    page.goto("/account")
    assert "UTC" in page.locator("time").first.inner_text()


@pytest.mark.parametrize("address", ["final"], indirect=True)
def test_times_are_those_of_the_visitor(new_browser):
    """A browser in another time zone shows the same moment in its own time."""
    page = new_browser(timezone_id="Asia/Tokyo", locale="en-GB")
    register(page)
    log_in(page)
    page.goto("/account")
    time = page.locator("time").first
    shown, moment = time.inner_text(), time.get_attribute("datetime")
    hours = (int(moment[11:13]) + 9) % 24

    assert f"{hours:02}:{moment[14:16]}" in shown
