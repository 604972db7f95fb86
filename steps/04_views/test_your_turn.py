"""Your turn 4: Ada, ada and " ada " are one account."""

import pytest
from workbench.finding import expect
from workbench.fixtures import listed
from workbench.people import GRACE
from workbench.users import names_of


def ways_to_write(name):
    """Return how a person may write this name: in other capitals, with spaces around it."""
    return [name.title(), name.upper(), f" {name}", f"{name} ", f" {name.title()} "]


@pytest.fixture
def register(fill_in, stored_users, people, message):
    """Return a function that registers a name: (the page, the new users, what the page says)."""

    def register(name):
        before = names_of(stored_users())
        page = fill_in("/register", name, people.other, by_hand=True)
        return page, [one for one in names_of(stored_users()) if one not in before], message(page)

    return register


def test_a_name_is_taken_in_every_way_to_write_it(ada, register, people):
    """where ada is registered, Ada, ADA and " ada " are taken"""
    for name in ways_to_write(people.ada):
        page, new, says = register(name)
        expect(
            says and not new and not page.error,
            want=f'a message on the page for "{name}", and no second user',
            got=page,
            fact=f"new in the table: {listed(new)}",
            read="your-turn",
            hint="What makes one text of all of them, before the database is asked?",
        )


def test_every_way_to_write_a_name_logs_its_owner_in(ada, fill_in, people):
    """ada can log in as Ada, ADA and " ada ", too"""
    for name in ways_to_write(people.ada):
        page = fill_in("/login", name, people.password, by_hand=True)
        expect(
            page.greets(people.ada),
            want=f'/welcome, which says "{people.ada}", after a login as "{name}"',
            got=page,
            read="your-turn",
            hint="What is compared with the names in the table? Is it changed as at registration?",
        )


def test_it_does_not_matter_how_a_user_has_registered(ada, register, fill_in, people):
    """a user who has registered as " Grace " can log in as grace"""
    name = people.named(GRACE)
    register(f" {name.title()} ")
    page = fill_in("/login", name, people.other, by_hand=True)

    expect(
        page.greets(name),
        want=f'/welcome, which says "{name}"',
        got=page,
        read="your-turn",
        hint="In which form is a name stored, and in which is it looked for?",
    )


def test_other_names_are_other_users(ada, register, people):
    """a name that only begins like ada's, or has a space inside, is another account"""
    for name in (f"{people.ada}x", people.ada[:-1], f"{people.ada[0]} {people.ada[1:]}"):
        page, new, _ = register(name)
        expect(
            len(new) == 1,
            want=f'a new user named "{name}"',
            got=page,
            fact=f"new in the table: {listed(new)}",
            read="your-turn",
            hint="Are the whole names compared?",
        )
