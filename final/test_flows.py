"""Every flow and every error page, through the pages' own forms."""

import re
import sys

import pytest
import sqlalchemy
from workbench.forms import parsed
from workbench.meanwhile import CHECK, meanwhile
from workbench.people import ANOTHER_PASSWORD, PASSWORD

PRIVATE = ["/welcome", "/account", "/account/password", "/account/delete"]
SHORT = "too short"
ADA_ADA = "ada-ada-ada-ada"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1"


def links(page):
    """Return where the links of a page lead."""
    return {tag["href"] for tag in parsed(page.html).select("body a[href]")}


def problems(page):
    """Return {field: its error}, as a screen reader finds it."""
    soup = parsed(page.html)
    found = {}
    for field in soup.select("input[aria-invalid=true]"):
        name = next(n for n in field["aria-describedby"].split() if n.endswith("-error"))
        found[field["name"]] = soup.find(id=name).text
    return found


# Register, log in, log out


def test_a_visitor_registers_logs_in_and_logs_out(site):
    """The way through the site, each page leading to the next."""
    ada = site.visitor()

    assert "/register" in links(ada.get("/"))
    page = site.register(browser=ada)
    assert page.at("/login")
    assert page.says("Your account is ready")
    page = ada.submit(page.password_form(), username="ada", password=PASSWORD)
    assert page.at("/welcome")
    assert page.says("Hello, ada")
    assert {"/welcome", "/account"} <= links(ada.get("/"))
    page = ada.submit(page.form_to("/logout"))
    assert page.at("/login")
    assert page.says("You are logged out")
    assert ada.get("/welcome").at("/login")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("username", {"username": ""}),
        ("username", {"username": "ad"}),
        ("username", {"username": "a" * 33}),
        ("username", {"username": "ada lovelace"}),
        ("username", {"username": "ada\n"[:3] + "\nx"}),
        ("username", {"username": "аda"}),  # noqa: RUF001
        ("username", {"username": "<script>"}),
        ("password", {"password": ""}),
        ("password", {"password": "x9!kQ2#vLp7&Zt"}),
        ("password", {"password": "a loom weaves é " * 5}),
        ("password", {"password": "an engine with a \0 in it"}),
        ("password", {"password": "passwordpassword"}),
        ("password", {"password": "123456789012345"}),
        ("password", {"password": "qwertyuiopasdfg"}),
        ("password", {"username": "margaret-hamilton", "password": "margaret-hamilton1"}),
        ("password", {"password": "workbook workbook workbook"}),
        ("password_again", {"password_again": "something else altogether"}),
    ],
)
def test_what_cannot_be_is_said_at_its_field(site, field, values):
    """The error is tied to its field by aria-describedby, and no user is registered."""
    values = {"username": "ada", "password": PASSWORD} | values
    page = site.fill_in(site.visitor(), "/register", **values)

    assert field in problems(page)
    assert problems(page)[field].endswith(".")
    assert values.get("password", PASSWORD) not in page.html or not values.get("password")
    assert site.count(site.User) == 0


@pytest.mark.parametrize("username", ["ada", "ADA", " ada ", "ａｄａ"])  # noqa: RUF001
def test_a_name_is_taken_in_every_spelling(site, username):
    """Capitals, spaces and wide letters make no second ada."""
    site.register()
    page = site.register(username)

    assert "taken" in problems(page)["username"]
    assert site.count(site.User) == 1


@pytest.mark.parametrize("username", ["ada", "ADA", " ada ", "ａｄａ"])  # noqa: RUF001
def test_every_spelling_of_the_name_logs_in(site, username):
    """Who registered on a phone that wrote Ada can log in as ada."""
    site.register()

    assert site.log_in(username).says("Hello, ada")


def test_a_wrong_login_is_said_at_the_password(site):
    """One sentence for both causes; the name stays in its field."""
    site.register()
    page = site.log_in(password=ANOTHER_PASSWORD)

    assert problems(page) == {"password": "Wrong username or password. Check both and try again."}
    assert page.password_form().tag.select_one("#username")["value"] == "ada"
    assert set(problems(site.log_in("", ""))) == {"username", "password"}


@pytest.mark.parametrize("path", PRIVATE)
def test_a_stranger_logs_in_first_and_lands_where_they_wanted(site, path):
    """Every page for users only sends strangers to log in, and back."""
    site.register()
    stranger = site.visitor()
    page = stranger.get(path)

    assert page.at("/login")
    assert page.says("Please log in")
    assert stranger.submit(page.password_form(), username="ada", password=PASSWORD).at(path)


def test_remember_me_outlives_the_browser_window(site):
    """Without the session cookie, only who asked for it is still logged in."""
    ada, grace = site.ada(remember="y"), site.ada()
    for browser in (ada, grace):
        browser.client.delete_cookie("session")

    assert ada.get("/welcome").says("Hello, ada")
    assert grace.get("/welcome").at("/login")


def test_logging_out_leaves_other_browsers_alone(site):
    """A phone that is forgotten on a train is logged out from the account page."""
    phone, ada = site.ada(), site.ada()
    ada.submit(ada.get("/welcome").form_to("/logout"))

    assert phone.get("/welcome").says("Hello, ada")


def test_logging_out_forgets_the_remember_me_cookie(site):
    """Flask-Login deletes it only if the session is emptied first."""
    ada = site.ada(remember="y")
    ada.submit(ada.get("/welcome").form_to("/logout"))

    assert ada.client.get_cookie("remember_token") is None
    assert ada.get("/welcome").at("/login")


# The account


def test_the_password_is_changed(site):
    """The browser in use stays logged in, all others go, and only the new password works."""
    ada, elsewhere = site.ada(), site.ada(remember="y")
    new = {"password": ANOTHER_PASSWORD, "password_again": ANOTHER_PASSWORD}
    page = site.fill_in(ada, "/account/password", current_password=PASSWORD, **new)

    assert page.at("/account")
    assert page.says("Other browsers are logged out")
    assert elsewhere.get("/welcome").at("/login")
    elsewhere.client.delete_cookie("session")
    assert elsewhere.get("/welcome").at("/login")
    assert not site.log_in().says("Hello, ada")
    assert site.log_in(password=ANOTHER_PASSWORD).says("Hello, ada")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("current_password", {"current_password": ""}),
        ("current_password", {"current_password": ANOTHER_PASSWORD}),
        ("current_password", {"current_password": "x" * 73}),
        ("password", {"password": "too short"}),
        ("password", {"password": "ada-ada-ada-ada-ada"}),
        ("password_again", {"password_again": "something else"}),
    ],
)
def test_the_password_stays_when_the_form_is_wrong(site, field, values):
    """Each mistake is said at its field and changes nothing."""
    ada = site.ada()
    right = {
        "current_password": PASSWORD,
        "password": ANOTHER_PASSWORD,
        "password_again": ANOTHER_PASSWORD,
    }
    page = site.fill_in(ada, "/account/password", **right | values)

    assert field in problems(page)
    assert site.log_in().says("Hello, ada")


def test_the_account_lists_the_browsers_and_when_they_logged_in(site):
    """A user recognises each of their logins."""
    site.ada(browser=site.visitor(agent=SAFARI))
    site.ada(browser=site.visitor(agent="curl/8"))
    page = site.ada(browser=site.visitor(agent=FIREFOX)).get("/account")

    for words in ("Firefox on Windows", "this browser", "Safari on iPhone", "Another browser"):
        assert page.says(words)
    assert len(re.findall(r"since \d\d \w{3} \d{4}, \d\d:\d\d UTC ?, until", page.text)) == 3


def test_one_browser_is_logged_out_from_another(site):
    """The oldest login goes, although it was remembered; the others stay."""
    phone, tablet, ada = site.ada(remember="y"), site.ada(), site.ada()
    forms = [form for form in ada.get("/account").forms if form.action.endswith("/end")]
    page = ada.submit(forms[-1])

    assert page.at("/account")
    assert page.says("That browser is logged out")
    assert phone.get("/welcome").at("/login")
    assert tablet.get("/welcome").says("ada")
    assert ada.get("/welcome").says("ada")


def test_all_other_browsers_are_logged_out(site):
    """Only the browser that asks stays, and the button goes with the others."""
    others, ada = [site.ada(), site.ada(remember="y")], site.ada()
    page = ada.submit(ada.get("/account").form_to("/account/sessions/end-others"))

    assert page.says("Every other browser is logged out")
    assert [browser.get("/welcome").path for browser in others] == ["/login", "/login"]
    assert ada.get("/welcome").says("ada")
    assert not ada.get("/account").form_to("/account/sessions/end-others")


def test_the_account_is_deleted_with_all_that_belongs_to_it(site):
    """It takes the password; then no row is left and no one is logged in."""
    elsewhere, ada = site.ada(), site.ada(remember="y")
    page = site.fill_in(ada, "/account/delete", current_password=ANOTHER_PASSWORD)
    assert "current_password" in problems(page)
    assert site.count(site.User) == 1

    page = site.fill_in(ada, "/account/delete", current_password=PASSWORD)

    assert page.at("/")
    assert page.says("Your account is deleted")
    assert site.count(site.User) == site.count(site.LoginSession) == 0
    assert ada.get("/welcome").at("/login")
    assert elsewhere.get("/welcome").at("/login")
    assert site.log_in().says("Wrong username or password")


# Reset links and the command line


def reset_path(site, username="ada"):
    """Return the path of a new reset link, as the command prints it."""
    printed = site.run("users", "reset-link", username).stdout.strip()
    return printed.removeprefix("http://localhost")


def test_a_reset_link_works_once(site):
    """A weak password does not use it up; a good one does, and ends all logins."""
    ada, path = site.ada(), reset_path(site)
    page = site.fill_in(site.visitor(), path, password=SHORT)
    assert "password" in problems(page)
    page = site.fill_in(site.visitor(), path, password=ADA_ADA)
    assert "password" in problems(page)
    page = site.fill_in(site.visitor(), path, password=ANOTHER_PASSWORD)

    assert page.at("/login")
    assert page.says("Your password is changed")
    assert ada.get("/welcome").at("/login")
    assert site.log_in(password=ANOTHER_PASSWORD).says("Hello, ada")
    again = site.visitor().get(path)
    assert again.status.startswith("404")
    assert again.says("Ask the person who runs this site for a new one")


def test_the_command_line_looks_after_the_accounts(site):
    """List, logout, deactivate and activate take effect at the next request."""
    ada = site.ada()
    assert "active      logins: 1" in site.run("users", "list").output

    assert "unlocked and logged out everywhere" in site.run("users", "logout", "ada").output
    assert ada.get("/welcome").at("/login")

    ada = site.ada()
    assert "deactivated" in site.run("users", "deactivate", "ADA").output
    assert "deactivated logins: 0" in site.run("users", "list").output
    assert ada.get("/welcome").at("/login")
    assert site.log_in().says("Wrong username or password")

    assert "activated" in site.run("users", "activate", "ada").output
    assert site.log_in().says("Hello, ada")


@pytest.mark.parametrize("command", ["reset-link", "logout", "activate", "deactivate"])
def test_a_command_for_nobody_says_so(site, command):
    """A mistyped name is one sentence and exit code 1."""
    result = site.run("users", command, "nobody")

    assert result.exit_code == 1
    assert "There is no user 'nobody'. See: flask users list" in result.output


def test_a_link_without_a_host_is_made_in_development_only(load):
    """The command line cannot know under which name visitors see the site."""
    site = load(SERVER_NAME="")
    site.register()
    printed = site.run("users", "reset-link", "ada").stdout
    assert printed.startswith("http://127.0.0.1:5000/reset/")
    assert site.visitor().get(printed.strip().removeprefix("http://127.0.0.1:5000")).opens()

    site = load(production=True, SERVER_NAME="")
    site.register()
    result = site.run("users", "reset-link", "ada")
    assert result.exit_code == 1
    assert "SERVER_NAME is not set." in result.output


def test_init_db_may_run_twice_and_loses_nothing(site):
    """The second run leaves tables and rows alone."""
    site.register()

    assert site.run("init-db").output == site.run("init-db").output == "The database is ready.\n"
    assert site.count(site.User) == 1


# Error pages


def bare_post(site):
    """Return the answer to a form without its token."""
    return site.visitor().client.post("/logout")


def wrong_page(site):
    """Return the answer to an address that leads nowhere."""
    return site.visitor().client.get("/nowhere")


def wrong_method(site):
    """Return the answer to a link where a button is needed."""
    return site.visitor().client.get("/logout")


def big_form(site):
    """Return the answer to a form above 64 KiB."""
    return site.visitor().client.post("/login", data={"username": "a" * 70_000})


def many_guesses(site):
    """Return the answer to the eleventh wrong password."""
    site.register()
    ada = site.visitor()
    form = ada.get("/login").password_form()
    for _ in range(10):
        ada.submit(form, username="ada", password=ANOTHER_PASSWORD)
    return ada.client.post("/login", data=dict(form.filled_in({"username": "ada"})))


def mistake(site):
    """Return the answer of a page with a mistake in its code."""
    site.app.view_functions["pages.home"] = lambda: 1 / 0
    return site.visitor().client.get("/")


def no_database(site):
    """Return the answer when the database is away."""

    def refuse(*_words):
        raise sqlalchemy.exc.OperationalError("SELECT 1", {}, Exception("it does not answer"))

    ada = site.ada()
    with site.app.app_context():
        sqlalchemy.event.listen(site.db.engine, "before_cursor_execute", refuse)
    return ada.client.get("/welcome")


def too_late(site):
    """Return the answer to a user whose account has been deleted during their request."""
    ada, elsewhere = site.ada(), site.ada()
    data = dict(ada.get("/account/delete").password_form().filled_in({"password": PASSWORD}))

    def delete():
        return site.fill_in(elsewhere, "/account/delete", current_password=PASSWORD)

    with meanwhile(CHECK, delete):
        return ada.client.post("/account/delete", data=data)


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (400, bare_post),
        (404, wrong_page),
        (405, wrong_method),
        (413, big_form),
        (409, too_late),
        (429, many_guesses),
        (500, mistake),
        (503, no_database),
    ],
)
def test_an_error_has_a_page_that_leads_on(site, status, cause):
    """It says what happened, links home, and shows nothing of the inside."""
    response = cause(site)
    soup = parsed(response.text)

    assert response.status_code == status
    assert f"Error {status}" in soup.text
    assert len(soup.h1.text) > 10
    assert {"/", "/account"} <= {tag["href"] for tag in soup.select("main a")}
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Traceback" not in response.text
    assert not re.search("sqlite|psycopg|SELECT|ZeroDivision", response.text)


def test_a_database_that_is_away_comes_back(site):
    """Retry-After says when to ask again (RFC 9110)."""
    assert no_database(site).headers["Retry-After"] == "5"


def test_errors_keep_their_own_headers(site):
    """405 says what is allowed (RFC 9110), 429 when to come back (RFC 6585)."""
    limited = many_guesses(site)

    assert "POST" in wrong_method(site).headers["Allow"]
    assert 3500 < int(limited.headers["Retry-After"]) <= 3600
    assert "Wait 60 minutes" in limited.text


# Every page


@pytest.fixture
def every_page(site):
    """All pages, those with error messages too."""
    ada, path = site.ada(), reset_path(site)
    site.ada()
    stranger = site.visitor()
    pages = [ada.get(path) for path in ["/", *PRIVATE]]
    pages += [stranger.get(path) for path in ["/", "/register", "/login", path, path + "x"]]
    pages += [stranger.get(path) for path in ["/nowhere", "/logout"]]
    pages += [site.register("?", "?"), site.log_in("?", "?")]
    answer = site.fill_in(ada, "/account/password", current_password=SHORT, password=SHORT)
    return [*pages, answer]


def test_every_page_works_without_script_mouse_and_eyes(every_page):
    """Headings, labels, ids and links are sound; nothing is inline, as the CSP asks."""
    for page in every_page:
        soup = parsed(page.html)

        assert len(soup.select("h1")) == 1
        assert soup.html["lang"] == "en"
        assert soup.title.text.startswith(("Error: ", soup.h1.text))
        assert soup.select_one("a.skip")["href"] == "#content"
        assert soup.select_one("main#content a, main#content button")
        assert not soup.select(
            "script:not([src]), style, [style], [onclick], [onload], [maxlength]"
        )
        ids = [tag["id"] for tag in soup.select("[id]")]
        assert len(ids) == len(set(ids))
        for field in soup.select("input:not([type=hidden])"):
            assert soup.select_one(f"label[for={field['id']}]")
            assert field.get("type") == "checkbox" or field["autocomplete"]
            assert set(field.get("aria-describedby", "").split()) <= set(ids)
        for tag in soup.select("link[href], img[src], a[href]"):
            assert re.match(r"[/#](?!/)", tag.get("href") or tag["src"])


def test_password_managers_know_the_fields(every_page):
    """The autocomplete values are those of the HTML standard (ASVS 6.2.7)."""
    expected = {
        "/register": ["username", "new-password", "new-password"],
        "/login": ["username", "current-password"],
        "/account/password": ["username", "current-password", "new-password", "new-password"],
        "/account/delete": ["username", "current-password"],
    }
    for page in every_page:
        fields = parsed(page.html).select("main input[autocomplete]")
        kinds = [field["autocomplete"] for field in fields]
        assert kinds == expected.get(page.path, kinds)
        for field in fields:
            assert field.get("type") == "password" or field["autocomplete"] == "username"


def test_who_is_logged_in_can_log_out_on_every_page(site):
    """ASVS 7.4.4: the button is always in sight."""
    ada = site.ada()

    for path in ("/", "/login", "/register", *PRIVATE):
        assert ada.get(path).form_to("/logout")


# What makes it easier


def test_who_is_logged_in_is_led_on(site):
    """To the page that was asked for, or to the welcome page; never to another site."""
    ada = site.ada()

    for path in ("/login", "/register"):
        assert ada.get(path).at("/welcome")
        assert ada.get(f"{path}?next=/account").at("/account")
        assert ada.get(f"{path}?next=//evil.example").at("/welcome")


def test_a_form_of_another_tab_leads_on(site):
    """Log in in one of two tabs and submit the other: one is logged in already."""
    site.register()
    ada = site.visitor()
    tabs = [ada.get("/login?next=/account").password_form() for _ in range(2)]
    for form in tabs:
        assert ada.submit(form, username="ada", password=PASSWORD).at("/account")


def test_a_stale_form_is_shown_again(site):
    """With a sentence, with what was typed but the password, and with its way onward."""
    site.register()
    ada = site.visitor()
    form = ada.get("/login?next=/account").password_form()
    ada.client.delete_cookie("session")
    page = ada.submit(form, username="ada", password=PASSWORD, remember="y")

    assert page.status.startswith("400")
    assert page.says("This form was open for too long, so nothing was sent")
    assert PASSWORD not in page.html
    again = page.password_form()
    assert dict(again.filled_in({})).items() >= {"username": "ada", "remember": "y"}.items()
    assert ada.submit(again, password=PASSWORD).at("/account")


def test_other_stale_forms_say_where_to_open_them_again(site):
    """The error page has a button for it."""
    ada = site.ada()
    page = ada.post("/account/password", {})

    assert page.status.startswith("400")
    assert "/account/password" in links(page)
    assert "/logout" not in links(ada.post("/logout", {}))


def focused(page):
    """Return the names of the fields that ask for the focus."""
    return [tag["name"] for tag in parsed(page.html).select("[autofocus]")]


def test_the_first_mistake_has_the_focus(site):
    """In the order of the page; without a mistake, reading begins at the top."""
    bad = "something else altogether"

    assert focused(site.visitor().get("/register")) == []
    assert focused(site.register("?", "?")) == ["username"]
    assert focused(site.register("ada", "?")) == ["password"]
    page = site.fill_in(site.visitor(), "/register", password=PASSWORD, password_again=bad)
    assert focused(page) == ["password_again"]
    site.register()
    assert focused(site.log_in(password=ANOTHER_PASSWORD)) == ["password"]


@pytest.mark.parametrize("path", ["/register", "/login?next=/account", "/account/password"])
def test_a_password_is_shown_without_a_script_too(site, path):
    """A link loads the form with readable fields, and leads on as the form does."""
    visitor = site.ada() if path.startswith("/account") else site.visitor()
    soup = parsed(visitor.get(path).html)
    link = soup.select_one("form a[data-show]")["href"]
    shown = visitor.get(link)

    assert soup.select("[data-secret][type=password]")
    assert not shown.password_form()
    assert parsed(shown.html).select("[data-secret][type=text]")
    back = parsed(shown.html).select_one("form a[data-show]")
    assert back.text == "Hide the password" or "/account" in path
    assert visitor.get(back["href"]).password_form()
    assert ("next=/account" in link) == ("next" in path)


def test_a_password_manager_finds_the_form_that_changes_it(site):
    """W3C: A Well-Known URL for Changing Passwords; other names there are 404."""
    response = site.visitor().client.get("/.well-known/change-password")
    wrong = site.visitor().get("/.well-known/resource-that-should-not-exist")

    assert (response.status_code, response.location) == (302, "/account/password")
    assert wrong.status.startswith("404")


def test_times_name_their_zone_and_scripts_can_read_them(site):
    """In UTC; static/script.js shows them in the zone of the visitor."""
    for time in parsed(site.ada().get("/account").html).select("time"):
        assert time.text.endswith("UTC")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ", time["datetime"])


def test_the_error_page_of_development_is_ours(site, caplog):
    """The traceback is in the terminal, not in the page."""
    site.app.config["PROPAGATE_EXCEPTIONS"] = sys.modules["settings"].PROPAGATE_EXCEPTIONS
    response = mistake(site)

    assert site.app.debug
    assert "Something broke here" in response.text
    assert "ZeroDivisionError" in caplog.text
    assert "Traceback" in caplog.text
