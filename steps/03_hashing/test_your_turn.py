"""Your turn 3: no password is the username of its owner."""

import pytest
from workbench.attempt import attempt
from workbench.finding import expect, require
from workbench.people import PASSWORD

IN_CAPITALS = {"ada": ("Ada", "ADA", "aDA"), "Straße": ("straße", "STRASSE")}
NOT_THE_NAME = ("ada lovelace", "my name is ada", "ad", "adaada")


@pytest.fixture(autouse=True)
def app_context(app):
    """What a method finds within a request, current_app for example."""
    with app.test_request_context():
        yield


@pytest.fixture
def setting(new_user, user_model):
    """Return a function that sets the password of a user: (the user, what came of it)."""
    require(
        "User has a method set_password(password)",
        callable(getattr(user_model, "set_password", None)),
        want="User.set_password",
        got="no such method yet",
        read="set-the-password",
        at=user_model,
    )

    def setting(username, password):
        user = new_user(username=username) if username else new_user()
        return user, attempt(user.set_password, password)

    return setting


def refusal(setting, username, password):
    """Expect that a user of this name can't have this password."""
    user, tried = setting(username, password)
    expect(
        isinstance(tried.error, ValueError) and not user.password_hash,
        want=f'ValueError for a user named "{username}" and the password "{password}"',
        got=tried,
        fact="password_hash is filled in" if user.password_hash else "",
        read="your-turn",
        hint="When are two texts the same, capitals aside? See str.casefold().",
        at=user.set_password,
    )


def test_a_name_is_no_password(setting):
    """a password that is the username is refused: set_password() raises ValueError"""
    for name in IN_CAPITALS:
        refusal(setting, name, name)


def test_capitals_do_not_make_it_another_one(setting):
    """the username is refused in whatever capitals it is written"""
    for name, passwords in IN_CAPITALS.items():
        for password in passwords:
            refusal(setting, name, password)


def test_every_other_password_is_accepted(setting):
    """every other password is still accepted, also one that holds the name"""
    for name in ("ada", None):
        for password in (PASSWORD, *NOT_THE_NAME):
            user, tried = setting(name, password)
            whose = f'a user named "{name}"' if name else "a user who has no name yet"
            expect(
                not tried.error and user.password_hash,
                want=f'{whose} may have the password "{password}"',
                got=tried,
                read="your-turn",
                hint="What is the username of a user who has not been given one?"
                if name is None
                else "Is the whole password compared with the whole name?",
                at=user.set_password,
            )
