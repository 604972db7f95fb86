"""Your turn 1: a page that greets a visitor by the name in its address."""

from urllib.parse import quote

import pytest
from workbench.finding import expect, require
from workbench.forms import parsed

NAMES = ("Ada", "Grace Hopper", "Žofie")
MARKUP = ("<b>Ada", '"><i>Ada', "' onclick='Ada", "a & b")


@pytest.fixture
def hello(stranger):
    """Return a function that opens the page for a name, once there is one for Ada."""

    def hello(name):
        return stranger.get(f"/hello/{quote(name)}")

    page = hello("Ada")
    require(
        "there is a page /hello/<name>",
        page.opens(),
        want="200 OK at GET /hello/Ada",
        got=page,
        read="your-turn",
        hint="How does a rule of Flask say that a part of the address may be any text?",
    )
    return hello


def test_the_page_greets_by_name(hello):
    """/hello/<name> greets each visitor by the name in the address"""
    pages = {name: hello(name) for name in NAMES}
    name = next((name for name, page in pages.items() if not page.says(name)), NAMES[0])

    expect(
        pages[name].says(name),
        want=f'the page says "{name}"',
        got=pages[name],
        read="your-turn",
        hint="How does the view function get what is in the address?",
    )


def test_a_name_is_shown_as_text(hello):
    """a name with tags or quotes in it is shown as text"""
    usual = tags_of(hello("Ada"))
    for name in MARKUP:
        page = hello(name)
        expect(
            name in page.text and tags_of(page) == usual,
            want=f"the page says {name}, and has no tag or attribute of the visitor's",
            got=page,
            fact=f"its HTML is {page.html.strip()!r}" if page.opens() else "",
            read="your-turn",
            hint="What does a browser make of < in a page? Flask's quickstart has a part on this.",
        )


def tags_of(page):
    """Return the tags of a page, each with the names of its attributes."""
    return [(tag.name, sorted(tag.attrs)) for tag in parsed(page.html).find_all(True)]
