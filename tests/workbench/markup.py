"""A rule for every visit: wherever a name is shown, it is text and never code."""

from workbench.finding import Finding
from workbench.forms import parsed
from workbench.leaks import LOGGING_IN
from workbench.lines import view_of

MARK = "x9q"  # of names that look like code
SCRIPT = f"javascript:{MARK}"  # an address that a browser runs
PRODUCT = ("8**9", "134217728")  # what a name asks to compute, and what comes of it
NAMES_LIKE_CODE = (
    f"'\"><i id={MARK}>{{{{{PRODUCT[0]}}}}}%s onfocus={MARK}",
    f"<i id={MARK}>",
    f"{{{{{PRODUCT[0]}}}}} id={MARK}",
)


ENTITIES = "Jinja turns < into &lt; on its own, between quotes, too. What switches that off?"


def shows_names_as_text(page, _judge):
    """Yield each place where a name became code: a tag, an attribute, a script, an expression."""
    if MARK not in page.html and PRODUCT[1] not in page.html:
        return
    fact, hint = code_made_of_a_name(parsed(page.html), page.html)
    if fact:
        yield Finding(
            precondition="a name is shown as it was typed, and never becomes code",
            want="the name as text, whatever it holds",
            got=f"{fact}, at {page.path}",
            read="04_views#welcome",
            hint=hint,
            at=page.template or view_of(page),
            word=r"\|\s*safe\b|autoescape|Markup|render_template_string|=\{\{|\bon\w+=|tojson",
            told_by=LOGGING_IN,
        )


def code_made_of_a_name(soup, html):
    """Return (what has come of a name, a hint), or two empty texts."""
    if soup.find("i", id=MARK):
        return "the < in a name began a tag", ENTITIES
    if soup.find(lambda tag: any(is_marked(tag, name) for name in ("id", "onfocus"))):
        hint = "What ends the value of an attribute: its quotes, or a space where it has none?"
        return "a name added an attribute to a tag", hint
    if soup.find(lambda tag: any(is_script(value) for value in tag.attrs.values())):
        hint = "Which addresses may a link of your page lead to? A visitor can write any next=."
        return f"a link runs what the address of the page holds: {SCRIPT}", hint
    if PRODUCT[1] in html:
        fact = f"a name with {{{{{PRODUCT[0]}}}}} in it was computed"
        return fact, "Which line builds a template out of what a visitor has typed?"
    scripts = (name for tag in soup.find_all(True) for name in tag.attrs if runs_a_name(tag, name))
    if attribute := next(scripts, None):
        hint = (
            "Before a browser runs it, it undoes Jinja's escaping here. Where else can a name go?"
        )
        return f"a name is part of the script in {attribute}", hint
    return "", ""


def is_script(value):
    """Say whether the value of an attribute is the script that an address has brought."""
    return str(value).strip().lower().startswith(SCRIPT)


def is_marked(tag, attribute):
    """Say whether an attribute of the tag comes out of a name."""
    return str(tag.get(attribute, "")).startswith(MARK)


def runs_a_name(tag, attribute):
    """Say whether an attribute that is run holds a name with its quotes and tags."""
    is_run = attribute.startswith("on") or str(tag[attribute]).startswith("javascript:")
    return is_run and f"<i id={MARK}>" in str(tag[attribute])
