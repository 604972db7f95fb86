"""Guess from the code that crashed which chapter a learner is working on, and what to read."""

import re

from workbench.attempt import CannotLoad
from workbench.gaps import gap_in_template
from workbench.scene import Scene, text_of
from workbench.suggest import suggestion

STUCK = "01_setup#stuck"  # it answers what is wrong with a file, whatever the chapter
SECTIONS = [  # names that the code of a section uses for the first time, the last chapter first
    (r"\blogout\b|logout_user", "05_logout#log-out"),
    (r"login_required|login_view", "05_logout#protect-a-page"),
    (r"login_user|def login\b|[\"']/login\b|login\.html|Log in\b", "04_views#log-in"),
    (r"create_user|register|IntegrityError", "04_views#register"),
    (r"welcome|current_user", "04_views#welcome"),
    (r"render_template|request\.form|url_for|flash\(|\{%|\{\{|<html", "04_views#templates"),
    (r"def check_password|check_password_hash", "03_hashing#check-the-password"),
    (r"def set_password|generate_password_hash|hashpw", "03_hashing#set-the-password"),
    (r"MAX_PASSWORD_BYTES|bcrypt\.(hash|check)pw", "03_hashing#limit-the-length"),
    (r"user_loader|def load_user|get_id", "02_model#the-user-loader"),
    (r"create_all", "02_model#the-table"),
    (r"UserMixin|db\.Column|mapped_column|\(.*db\.Model\)|class User", "02_model#the-user-model"),
]
BLOCK = re.compile(r"^(@|def |class |async def |with |if )")


def reading(finding, copy, step):
    """Return "chapter#heading" of where a finding's reader reads on.

    After a crash it is the section whose code broke, if that comes later than what is checked.
    """
    chapter, _, heading = finding.read.rpartition("#")
    chapter, error = chapter or step, finding.error()
    if error is None:
        return f"{chapter}#{heading}"
    section = section_of(error, copy)
    if heading == "stuck":
        broken = isinstance(error, CannotLoad | SyntaxError)
        return STUCK if broken or not section else section
    later = section and section.partition("#")[0] > chapter
    return section if later else f"{chapter}#{heading}"


def section_of(error, copy):
    """Return the section that has the code in which an error happened, or None."""
    if isinstance(error, CannotLoad):
        return None
    gap = gap_in_template(error)
    places = [gap[:2]] if gap else Scene(error, copy).places
    if not places:
        return None
    file, number = places[-1]
    lines = text_of(file).splitlines()
    line = "\n".join(lines[number - 1 : number])
    for code in (f"{line} {suggestion(error)}", block_around(lines, number)):
        for pattern, section in SECTIONS:
            if re.search(pattern, code):
                return section
    return None


def block_around(lines, number):
    """Return the text of the function or class around a line, from its first decorator on."""
    while number < len(lines) and lines[number - 1].startswith("@"):
        number += 1  # a decorator belongs to what is below it
    starts = [n for n, line in enumerate(lines, 1) if n <= number and BLOCK.match(line)]
    if not starts:
        return ""
    first = starts[-1]
    while first > 1 and lines[first - 2].startswith("@"):
        first -= 1
    return "\n".join(lines[first - 1 : number])
