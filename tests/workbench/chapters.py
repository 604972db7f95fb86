"""Find where to read on: at what a check is about, or at the code that a crash broke."""

import re

from workbench.attempt import CannotLoad
from workbench.hints import text_of_error
from workbench.lines import line_behind
from workbench.scene import text_of
from workbench.suggest import suggestion
from workbench.tags import gap_in_template

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
    (r"create_all|app_context|^with app\b", "02_model#the-table"),
    (r"UserMixin|db\.Column|mapped_column|\(.*db\.Model\)|class User", "02_model#the-user-model"),
    (r"(?i)secret_?key", "01_setup#the-secret-key"),
    (r"SQLALCHEMY_|sqlite:|flask_sqlalchemy|SQLAlchemy\(", "01_setup#the-database-address"),
    (r"flask_\w+ import|Bcrypt\(|LoginManager\(", "01_setup#attach-the-extensions"),
    (r"Flask\b|\bapp\.(get|route)|__name__", "01_setup#the-first-page"),
]
PAGES = [  # what occurs in the name of a template, and the section that shows it
    (r"log_?in|sign_?in", "04_views#log-in"),
    (r"regist|sign_?up", "04_views#register"),
    (r"welcome", "04_views#welcome"),
]
BLOCK = re.compile(r"^(@|def |class |async def |with |if )")


def reading(finding, copy, step):
    """Return "chapter#heading" of where a finding's reader reads on.

    After a crash it is the section of the template that broke, or that of the code, if that
    comes later than what is checked.
    """
    chapter, _, heading = finding.read.rpartition("#")
    chapter, error = chapter or step, finding.error()
    if error is None:
        return f"{chapter}#{heading}"
    file, section = section_of(finding, copy)
    if heading == "stuck":
        return section or STUCK
    later = section and (file.suffix != ".py" or section.partition("#")[0] > chapter)
    return section if later else f"{chapter}#{heading}"


def section_of(finding, copy):
    """Return the file in which an error happened, and the section that has its code, or None."""
    error = finding.error()
    gap = gap_in_template(error)
    file, number = (gap[:2] if gap else line_behind(finding, copy)) or (None, None)
    if isinstance(error, CannotLoad) or not number:
        return file, None
    lines = text_of(file).splitlines()
    line = "\n".join(lines[number - 1 : number])
    if file.suffix != ".py":
        return file, section_of_template(file.name, line, "\n".join(lines))
    settings = " ".join(re.findall(r"\b[A-Z]+_[A-Z_]+\b", text_of_error(error)))
    for code in (f"{line} {suggestion(error)} {settings}", block_around(lines, number)):
        for pattern, section in SECTIONS:
            if re.search(pattern, code):
                return file, section
    return file, None


def section_of_template(name, line, text):
    """Return the section that shows a template, or the one about templates."""
    if re.search(r"\{%-?\s*(extends|include)\b", line):
        return "04_views#templates"
    section = next((one for pattern, one in PAGES if re.search(pattern, name)), None)
    if section == "04_views#welcome" and "logout" in text:
        return "05_logout#log-out"
    return section or "04_views#templates"


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
