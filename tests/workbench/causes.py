"""Find the cause of an answer that is not the wanted one, before a message is written.

Each function returns what a Finding takes: the fact that was seen, a hint that follows from
it, and what of the learner's is behind it.
"""

import re
from urllib.parse import urlsplit

from workbench.attempt import attempt
from workbench.fixtures import listed
from workbench.forms import same_path
from workbench.lines import calls, mentions, view_of
from workbench.refusals import stopped_before, why_not_kept
from workbench.scene import text_of
from workbench.tags import why_left_out
from workbench.users import names_of

ASKED = r"\{%.*\bif\b.*user"  # the line of a template that looks for a login
PRINTED = r"^(?!.*\{%).*(\{.*(user|name)|current_user)"  # the one that greets the user


def lost_redirect(page):
    """Report a view that called redirect(), and then showed a page instead of returning it."""
    lost = list(page.deeds.redirects)
    for _, followed in page.hops:
        made = [one for one in lost if one[0] == followed or same_path(one[0], followed)]
        if made:
            lost.remove(made[0])
    if not lost:
        return None
    location, stack = lost[0]
    fact = f"redirect() to {urlsplit(location).path} was called, but not returned"
    hint = "redirect() only makes a response. What does the view have to do with it?"
    return {"fact": fact, "hint": hint, "at": stack, "sure": True}


def why_not_led(page, goal, question):
    """Find out why an answer leads elsewhere: a redirect that is lost, or a template in its place.

    `question` is the hint where neither is the reason.
    """
    if lost := lost_redirect(page):
        return lost
    path = urlsplit(page.asked[1]).path
    if not page.hops and page.template and page.template == page.browser.get(goal).template:
        hint = f"Is the browser sent to {goal}, or does {path} only show the same template?"
        return {"fact": f"the browser is still at {path}", "hint": hint}
    return {"hint": question}


def why_not_stored(answer, rows, page):
    """Find out what the register view did with ada's form."""
    deeds, users = answer.deeds, listed(names_of(rows))
    if rows:
        hint = "Which field of the form becomes the username?"
    elif stopped := stopped_before(answer, page):
        return stopped
    elif deeds.refused:
        hint = "What is missing in the row when it is written, and what does the view make of that?"
        return {"fact": f"users in the table: {users}; refused: {deeds.refused}", "hint": hint}
    elif deeds.added and not deeds.committed:
        hint = "db.session.add() only queues a row. Which call saves it?"
    elif deeds.committed and not deeds.added:
        hint = "commit() writes what was queued. Which call of db.session queues the user?"
    elif deeds.flashed or answer.news(page):
        hint = "Which line refuses this registration, and what does it look at?"
    elif deeds.hashed or answer.hops:
        hint = "Which two calls of db.session store a row?"
    else:
        hint = "Does the view ask whether request.method is POST, and which of its branches runs?"
    return {"fact": f"users in the table: {users}", "hint": hint}


def why_not_greeted(answer, welcome, registered, login_page, user_model):
    """Find out why /welcome greets no one: look at the session, the user loader, the page."""
    app, user_id = answer.browser.app, answer.browser.session().get("_user_id")
    if answer.error or answer.status.startswith(("404", "405")):
        return {"got": answer} | (stopped_before(answer, login_page) or {})
    if welcome.error:
        return {"got": welcome}
    if user_id is None:
        stopped = stopped_before(answer, login_page)
        return {"got": answer, **(stopped or why_not_signed_in(answer, registered, user_model))}
    loader = app.login_manager._user_callback
    with app.test_request_context():
        found = attempt(loader, user_id)
    if found.value is None:
        fact = f"the user loader returns {found} for the id {user_id!r} of the session"
        hint = "Does the user loader look for that id, and does it return what it finds?"
        return {"got": welcome, "fact": fact, "hint": hint, "at": loader}
    return {"got": welcome, "read": "04_views#welcome"} | what_is_printed(welcome)


def what_is_printed(page):
    """Ask about the line of a template that prints the user, or the one that keeps it away."""
    hint = "Flask-Login gives every template a current_user. What does the page print of it?"
    lines = text_of(page.template).splitlines() if page.template else []
    greets = next((line for line in lines if re.search(PRINTED, line)), "")
    env = page.browser.app.jinja_env
    if greets and (left_out := why_left_out(page.template, re.escape(greets), env)):
        return {"hint": left_out, "at": page.template, "word": PRINTED}
    words = re.findall(r"\w+", re.sub(r"\{.*\}|<[^>]*>|current_user\S*", " ", greets))
    if any(re.search(ASKED, line) for line in lines) and not all(map(page.says, words)):
        hint = "The condition is false for a user who is logged in. What does it ask?"
        return {"hint": hint, "at": page.template, "word": ASKED}
    return {"hint": hint, "at": page.template, "word": PRINTED if greets else ""}


def why_not_signed_in(answer, registered, user_model):
    """Find out why a login puts no user into the session: look at what the view compared."""
    deeds, made = answer.deeds, registered.deeds.hashed[-1:]
    typed = answer.typed.get("password")
    if deeds.logged_in:
        return why_not_kept(answer)
    if not deeds.checked:
        return why_another_name(answer, registered, user_model) or why_not_compared(deeds)
    password, fits = deeds.checked[-1]
    if fits:
        return why_not_let_in(answer, user_model)
    if password != typed:
        hint = "Which field of the form does the password check get?"
        return {"fact": f'"{password}" was compared with the hash', "hint": hint}
    if made and made[0].startswith("$2"):
        fact = "the register view hashed a value that was already a hash"
        return {
            "fact": fact,
            "hint": "Which lines hash the password, and which of them should?",
            "at": registered,
        }
    if made not in ([], [typed]):
        hint = "Which field of the form does the register view hash?"
        fact = f'the register view has hashed "{made[0]}"'
        return {"fact": fact, "hint": hint, "at": registered}
    return {
        "fact": "the password does not match the hash",
        "hint": "Which user does the query find, and which hash is that?",
    }


def why_another_name(answer, registered, user_model):
    """Find out whether the register view stored a different name from the one that was typed."""
    app, typed = answer.browser.app, answer.typed.get("username", "")
    db = app.extensions["sqlalchemy"]
    with app.app_context():
        names = [str(name) for name in db.session.scalars(db.select(user_model.username))]
    other = next((name for name in names if name.lower().strip() == typed.lower()), typed)
    if other == typed:
        return None
    return {
        "fact": f'"{typed}" is stored as "{other}", and looked for as "{typed}"',
        "hint": "What happens to a name in each of the two views? Both have to do the same.",
        "at": registered,
    }


def why_not_compared(deeds):
    """Find out why a login view compares no password: has it found the user?"""
    fact = "no password was compared with a hash"
    if deeds.broken:
        hint = "bcrypt was asked, and refused. Is what it got first the stored hash?"
        return {"fact": f"bcrypt said: {deeds.broken}", "hint": hint}
    if not deeds.asked and deeds.flashed:
        hint = "The view refuses without asking the database. Which call looks for the user in it?"
        return {"fact": f"{fact}, no user looked up", "hint": hint}
    if not deeds.asked:
        hint = "Does the view ask whether request.method is POST, and which of its branches runs?"
        return {"fact": f"{fact}, no user looked up", "hint": hint}
    if deeds.found:
        hint = "The query finds the user. Which method says whether the password is right?"
        return {"fact": f"{fact}, but a user was found", "hint": hint}
    hint = "The query finds no user. Which column does it compare with which field of the form?"
    if "0 = 1" in deeds.asked[-1]:
        hint = "Python has worked the condition out: it is False. What compares in the database?"
    return {"fact": f"{fact}, no user found by {deeds.asked[-1]}", "hint": hint}


def why_not_let_in(answer, user_model):
    """Find out what a login view does when the password was right, yet no user is logged in."""
    app, earlier = answer.browser.app, answer.session_before
    before = {"_flashes", "_fresh", *(answer.browser.session(earlier) if earlier else ())}
    held = sorted(answer.browser.session().keys() - before)
    db = app.extensions["sqlalchemy"]
    with app.app_context():
        ada = db.session.scalars(
            db.select(user_model).filter_by(username=answer.typed.get("username"))
        ).first()
        active = attempt(lambda: ada.is_active)
    if not active.value and not active.error:
        return {
            "fact": f"the password was right, and is_active of this user is {active.value}",
            "hint": "login_user() turns inactive users away. Where does is_active come from?",
            "at": user_model,
            "word": r"\bis_active\b",
        }
    if held:
        fact = f"the password was right, and the session holds {listed(held)}, but no login"
        hint = "Flask-Login looks for an entry of its own. Which of its functions writes it?"
    elif not any(same_path(location, "/welcome") for _, location in answer.hops):
        fact = "the password was right, and the view logged no one in"
        hint = (
            "Which branch runs when the password is right? Which function of Flask-Login is it for?"
        )
    else:
        view = view_of(answer)
        fact = "the password was right, but login_user() was never called"
        hint = "Which Flask-Login function writes the user into the session?"
        if mentions(view, "login_user") and not calls(view, "login_user"):
            hint = "The view names login_user, but does not call it. What calls a function?"
    return {"fact": fact, "hint": hint}


def why_let_in(answer):
    """Find out why a wrong password logs a user in: did the view ask bcrypt about it?"""
    if answer.deeds.checked:
        fact = "the password does not match the hash"
        hint = "What does the view do when the password does not fit?"
        return {"got": answer, "fact": fact, "hint": hint}
    fact, view = "no password was compared with a hash", view_of(answer)
    if calls(view, "check_password"):
        hint = "check_password() is there, but the view does not reach it. What comes before it?"
    elif mentions(view, "check_password"):
        hint = (
            "check_password is named. What calls a method, and what is a method that is not called?"
        )
    else:
        hint = "Which line says whether the password is right? See check_password()."
    return {"got": answer, "fact": fact, "hint": hint}
