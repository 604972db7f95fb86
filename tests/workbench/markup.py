"""A rule of every visit: a name is data, wherever it is shown."""

from workbench.finding import Finding
from workbench.forms import parsed
from workbench.leaks import LOGGING_IN
from workbench.lines import view_of

MARK = "x9q"  # of names that look like code
PRODUCT = ("7*191", "1337")  # what a name asks to compute, and what comes of it
NAMES_LIKE_CODE = (
    f"'\"><i id={MARK}>{{{{{PRODUCT[0]}}}}}%s onfocus={MARK}",
    f"<i id={MARK}>",
    f"{{{{{PRODUCT[0]}}}}} id={MARK}",
)


def shows_names_as_text(page, _judge):
    """Yield what has made code of a name: a tag, an attribute, an expression."""
    if MARK not in page.html and PRODUCT[1] not in page.html:
        return
    soup, fact = parsed(page.html), ""
    if soup.find("i", id=MARK):
        fact = f"the < of a name has begun a tag, at {page.path}"
    elif soup.find(lambda tag: any(is_marked(tag, name) for name in ("id", "onfocus"))):
        fact = f"a name has brought an attribute of its own into a tag, at {page.path}"
    elif soup.find(lambda tag: any(code_of(tag, name) for name in tag.attrs)):
        fact = f"the quotes of a name end the text in a script, at {page.path}"
    elif PRODUCT[1] in page.html:
        fact = f"a name with {{{{{PRODUCT[0]}}}}} in it was computed, at {page.path}"
    if fact:
        yield Finding(
            precondition="a name is shown as it was typed, and is no part of the page",
            want="the name as text, whatever it holds",
            got=fact,
            read="04_views#welcome",
            hint="Jinja turns < into &lt; by itself, between quotes, too. What switches that off?",
            at=page.template or view_of(page),
            word=r"\|\s*safe\b|autoescape|Markup|render_template_string|=\{\{",
            told_by=LOGGING_IN,
        )


def code_of(tag, attribute):
    """Say whether an attribute that is a script holds the quotes of a name as they are."""
    value = str(tag.get(attribute, ""))
    is_code = attribute.startswith("on") or value.startswith("javascript:")
    return is_code and NAMES_LIKE_CODE[0][:4] in value


def is_marked(tag, attribute):
    """Say whether an attribute of the tag comes out of a name."""
    return str(tag.get(attribute, "")).startswith(MARK)
