"""What was checked is what is written: another request comes in between, each time."""

from concurrent.futures import ThreadPoolExecutor

import bcrypt
import pytest
from workbench.meanwhile import CHECK, HASH, all_held, meanwhile
from workbench.people import ANOTHER_PASSWORD, PASSWORD

THIRD_PASSWORD = "seven looms are singing in the attic"
CHANGE = {"current_password": PASSWORD, "password": ANOTHER_PASSWORD}


def change(site, browser, **values):
    """Change the password in this browser and return the page that answers."""
    return site.fill_in(browser, "/account/password", **CHANGE | values)


def delete(site, browser):
    """Delete the account in this browser and return the page that answers."""
    return site.fill_in(browser, "/account/delete", current_password=PASSWORD)


def reset_path(site):
    """Return the path of a new reset link for ada."""
    printed = site.run("users", "reset-link", "ada").stdout
    return printed.strip().removeprefix("http://localhost")


def eve(site):
    """Return a browser in which eve is logged in."""
    browser = site.visitor()
    if not site.count(site.User, username="eve"):
        site.register("eve")
    assert site.log_in("eve", browser=browser).says("Hello, eve")
    return browser


def ids(site):
    """Return the ids of all users."""
    with site.app.app_context():
        return site.db.session.scalars(site.db.select(site.User.id)).all()


# Ids


def test_no_id_is_given_twice(site):
    """SQLite would give the id of the last user, deleted, to the next one."""
    delete(site, eve(site))
    site.register()
    first = ids(site)
    delete(site, site.ada())
    site.register()

    assert first == [2]
    assert ids(site) == [3]


@pytest.fixture
def replaced(site):
    """Return eve's browser, and a deed: she is deleted elsewhere, and ada registers."""
    browser, elsewhere = eve(site), eve(site)

    def replace():
        assert delete(site, elsewhere).says("Your account is deleted")
        assert site.register().says("Your account is ready")

    return browser, replace


def test_a_login_of_a_deleted_user_is_nobodys(site, replaced):
    """Nor is it that of the next user."""
    _, replace = replaced
    browser = site.visitor()
    with meanwhile(CHECK, replace):
        page = site.log_in("eve", browser=browser)

    assert page.status.startswith("409")
    assert browser.get("/welcome").at("/login")


def test_a_new_password_of_a_deleted_user_is_nobodys(site, replaced):
    """The next user's password is theirs."""
    browser, replace = replaced
    with meanwhile(HASH, replace):
        page = change(site, browser)

    assert page.status.startswith("409")
    assert site.log_in().says("Hello, ada")


def test_a_second_deletion_deletes_nobody(site, replaced):
    """The next user stays."""
    browser, replace = replaced
    with meanwhile(CHECK, replace):
        page = delete(site, browser)

    assert page.status.startswith("409")
    assert site.log_in().says("Hello, ada")


def test_a_deletion_is_logged_after_the_fact(site, caplog):
    """The one that comes too late has deleted nothing."""
    ada, elsewhere = site.ada(), site.ada()
    caplog.set_level("INFO", "app")
    with meanwhile(CHECK, lambda: delete(site, elsewhere)):
        assert delete(site, ada).status.startswith("409")

    assert caplog.text.count("audit: account deleted, user 'ada'") == 1
    assert "StaleDataError" in caplog.text


# A login under way


def ended_by_change(site, ada):
    """Change the password."""
    assert change(site, ada).says("Your password is changed")


def ended_by_reset(site, _ada):
    """Set the password by a link."""
    page = site.fill_in(site.visitor(), reset_path(site), password=ANOTHER_PASSWORD)
    assert page.says("Your password is changed")


def ended_by_deactivation(site, _ada):
    """Refuse logins, and take them again."""
    assert "deactivated" in site.run("users", "deactivate", "ada").output
    assert "activated" in site.run("users", "activate", "ada").output


def ended_by_command(site, _ada):
    """Log ada out everywhere."""
    assert "logged out everywhere" in site.run("users", "logout", "ada").output


def ended_by_deletion(site, ada):
    """Delete the account."""
    assert delete(site, ada).says("Your account is deleted")


@pytest.mark.parametrize(
    "end",
    [ended_by_change, ended_by_reset, ended_by_deactivation, ended_by_command, ended_by_deletion],
    ids=lambda end: end.__name__,
)
def test_what_ends_all_logins_ends_those_under_way(site, end):
    """Three logins have checked the password; then all logins end, and then theirs begin."""
    ada, browsers = site.ada(), [site.visitor() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool, all_held(CHECK, 3) as (arrived, release):
        logins = [pool.submit(site.log_in, browser=browser) for browser in browsers]
        arrived()
        end(site, ada)
        release()
        pages = [login.result() for login in logins]

    assert [page.status[:3] for page in pages] == ["409"] * 3
    assert [browser.get("/welcome").path for browser in browsers] == ["/login"] * 3


def test_a_login_under_way_is_no_login_in_the_list(site):
    """Its row stays until it expires, and is shown to no one."""
    ada = site.ada()
    with meanwhile(CHECK, lambda: ended_by_change(site, ada)):
        site.log_in()

    assert site.count(site.LoginSession) == 2
    assert not [form for form in ada.get("/account").forms if form.action.endswith("/end")]
    assert "logins: 1" in site.run("users", "list").output


# Passwords


def test_a_new_hash_of_an_old_password_is_not_stored(site):
    """The login that would renew the hash has checked a password that is gone."""
    ada = site.ada()
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
    site.change(site.User, password_hash=old)
    with meanwhile(CHECK, lambda: ended_by_change(site, ada)):
        page = site.log_in()

    assert page.status.startswith("409")
    assert not site.log_in().says("Hello, ada")
    assert site.log_in(password=ANOTHER_PASSWORD).says("Hello, ada")


@pytest.mark.parametrize("step", [CHECK, HASH])
def test_of_two_changes_at_once_one_counts(site, step):
    """The other is refused: it has checked a password that is not the current one any more."""
    ada, thief = site.ada(), site.ada()
    with meanwhile(step, lambda: ended_by_change(site, ada)):
        page = change(site, thief, password=THIRD_PASSWORD)

    assert page.status.startswith("409")
    assert page.says("not stored")
    assert thief.get("/welcome").at("/login")
    assert ada.get("/welcome").says("Hello, ada")
    assert site.log_in(password=ANOTHER_PASSWORD).says("Hello, ada")


def test_of_two_uses_of_a_reset_link_at_once_one_counts(site):
    """The other one comes too late."""
    site.register()
    path = reset_path(site)

    def use(password):
        return site.fill_in(site.visitor(), path, password=password)

    with meanwhile(HASH, lambda: use(ANOTHER_PASSWORD)) as others:
        page = use(THIRD_PASSWORD)

    assert others[0].says("Your password is changed")
    assert page.status.startswith("409")
    assert site.log_in(password=ANOTHER_PASSWORD).says("Hello, ada")
    assert not site.log_in(password=THIRD_PASSWORD).says("Hello, ada")


def test_a_password_is_not_changed_in_an_account_that_is_gone(site):
    """Nor does anything break."""
    ada, elsewhere = site.ada(), site.ada()
    with meanwhile(HASH, lambda: delete(site, elsewhere)):
        page = change(site, ada)

    assert page.status.startswith("409")
    assert site.count(site.User) == 0
