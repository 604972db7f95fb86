"""Find out why a page shows no message: where it was kept, and where it is shown instead."""

import re

from workbench.hints import files_below, template_folders
from workbench.oracles import OVER
from workbench.refusals import refused_by_form
from workbench.scene import text_of
from workbench.tags import why_left_out
from workbench.ways import no_title, title_of

FOR_USERS = re.compile(  # messages that strangers do not see
    r"{%-?\s*if[^%]*is_authenticated[^%]*%}(?:(?!{%-?\s*endif).)*get_flashed_messages", re.S
)


def why_silent(page, hint):
    """Find out why a page shows no message: did flash() keep one that no template shows?"""
    if page.deeds.form_errors and page.opens():
        return {"got": page, **refused_by_form(page)}
    if not page.deeds.flashed:
        fact = "" if page.error or page.opens() else "no message"
        return {"got": page, "fact": fact, "hint": hint}
    if elsewhere := shown_elsewhere(page):
        return {"got": page} | elsewhere
    app, call = page.browser.app, "get_flashed_messages"
    own = page.template if page.template and call in text_of(page.template) else None
    shows = own or template_with(app, call)
    hint = "flash() only stores a message. Which call in a template shows it?"
    if left_out := why_left_out(own, call, app.jinja_env):
        hint = left_out
    elif shows and FOR_USERS.search(text_of(shows)):
        hint = "The messages are inside an if. Is it true for the visitor of this page?"
    elif shows:
        hint = f"{shows.name} asks for the messages. Does this page use it, and show all of them?"
    return {
        "got": page,
        "fact": f"flash() got {page.deeds.message}",
        "shared": "" if title_of(page) else no_title(page.path),
        "hint": hint,
        "at": shows or page.template,
        "word": call,
    }


def shown_elsewhere(page):
    """Find out whether a message comes too early, on the empty form, or on the page after this."""
    words, _ = page.deeds.flashed[-1]
    empty = type(page.browser)(page.browser.app).get(page.path)
    if empty.says(words):
        fact = f'"{words}" is on the page before anything was typed'
        hint = "Does this line run only after a refusal, or each time that the page opens?"
        return {"fact": fact, "hint": hint, "word": "flash\\("}
    if page.opens() and not page.says(words) and page.browser.get(page.path).says(words):
        fact = f'"{words}" is not on this page, and is on the next one'
        hint = "A page shows what was flashed before it was rendered. Which comes first here?"
        return {"fact": fact, "hint": hint, "word": "flash\\(", "shared": OVER}
    return None


def template_with(app, word):
    """Return the first template of the app's folder that holds a word, or None."""
    paths = [path for folder in template_folders(app) for path in files_below(folder)]
    return next((path for path in paths if word in text_of(path)), None)
