"""Look closer before speaking: what is behind an answer that is not the wanted one?

Each function returns what a Finding takes: the fact that was seen, a hint that follows from
it, and what of the learner's is behind it.
"""

import inspect
from pathlib import Path
from urllib.parse import urlsplit

from workbench.attempt import attempt
from workbench.browser import same_path
from workbench.fixtures import NAME, PASSWORD, listed, names_of
from workbench.lines import view_of

COOKIE_SETTINGS = ("SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH")
PAGES = ("/", "/register", "/login", "/welcome", "/logout")
WHO_IS_THERE = ("current_user", "is_authenticated", "session", "cookies")


def sent_astray(answer, page):
    """Say that the form of one page was sent to another page, if it was."""
    path = urlsplit(answer.asked[1]).path
    if same_path(path, page.path) or not any(same_path(path, other) for other in PAGES):
        return None
    fact = f"the form on {page.path} was sent to {path}"
    hint = "Where does action= of the form lead?"
    return {"fact": fact, "hint": hint, "at": page.template, "word": "<form|action"}


def why_not_stored(answer, rows, page):
    """Find out what the register view did with ada's form."""
    deeds, users = answer.deeds, listed(names_of(rows))
    if rows:
        hint = "Which field of the form becomes the username?"
    elif astray := sent_astray(answer, page):
        return astray
    elif deeds.added and not deeds.committed:
        hint = "db.session.add() announces a row. Which call writes it?"
    elif deeds.committed and not deeds.added:
        hint = "commit() writes what was announced. Which call of db.session announces the user?"
    elif deeds.flashed or answer.news(page):
        hint = "Which line refuses this registration, and what does it look at?"
    elif deeds.hashed or answer.hops:
        hint = "Which two calls of db.session store a row?"
    else:
        hint = "Does the view ask whether request.method is POST, and which of its branches runs?"
    return {"fact": f"users in the table: {users}", "hint": hint}


def why_not_greeted(answer, welcome, registered, login_page, user_model):
    """Find out why /welcome greets nobody: look at the session, the user loader, the page."""
    app, user_id = answer.browser.app, answer.browser.session().get("_user_id")
    if welcome.error:
        return {"got": welcome}
    if user_id is None:
        astray = sent_astray(answer, login_page)
        return {"got": answer, **(astray or why_not_signed_in(answer, registered, user_model))}
    loader = app.login_manager._user_callback
    with app.test_request_context():
        found = attempt(loader, user_id)
    if found.value is None:
        fact = f"the user loader returns {found} for the id {user_id!r} of the session"
        hint = "Does the user loader look for that id, and does it return what it finds?"
        return {"got": welcome, "fact": fact, "hint": hint, "at": loader}
    hint = "Flask-Login gives every template a current_user. What does the page print of it?"
    return {"got": welcome, "hint": hint, "at": welcome.template}


def why_not_signed_in(answer, registered, user_model):
    """Find out why a login leaves nobody in the session: look at what the view compared."""
    deeds, made = answer.deeds, registered.deeds.hashed[-1:]
    if deeds.logged_in:
        return why_not_kept(answer)
    if not deeds.checked:
        return why_not_compared(deeds)
    password, fits = deeds.checked[-1]
    if fits:
        return why_not_let_in(answer, user_model)
    if password != PASSWORD:
        hint = "Which field of the form does the password check get?"
        return {"fact": f'"{password}" was compared with the hash', "hint": hint}
    if made not in ([], [PASSWORD]):
        hint = "Which field of the form does the register view hash?"
        fact = f'the register view has hashed "{made[0]}"'
        return {"fact": fact, "hint": hint, "at": registered}
    return {
        "fact": "the password does not fit the hash",
        "hint": "Which user does the query find, and which hash is that?",
    }


def why_not_compared(deeds):
    """Find out why a login view compares no password: has it found the user?"""
    fact = "no password was compared with a hash"
    if not deeds.asked:
        hint = "Does the view ask whether request.method is POST, and which of its branches runs?"
        return {"fact": f"{fact}, no user looked up", "hint": hint}
    if deeds.found:
        hint = "The query finds the user. Which method says whether the password is right?"
        return {"fact": f"{fact}, but a user was found", "hint": hint}
    hint = "The query finds nobody. Which column does it compare with which field of the form?"
    return {"fact": f"{fact}, no user found by {deeds.asked[-1]}", "hint": hint}


def why_not_kept(answer):
    """Find out why a login is gone with the next request: look at the settings of the cookie."""
    app = answer.browser.app
    setting = next((name for name in COOKIE_SETTINGS if app.config.get(name)), None)
    if setting:
        fact = f'the login is lost with the cookie: {setting} is "{app.config[setting]}"'
        hint = "A browser keeps a cookie for the site and the path that it names. Which are yours?"
        return {"fact": fact, "hint": hint, "at": app, "word": setting}
    hint = "What else does the view do to the session?"
    return {"fact": "a login that the session does not keep", "hint": hint}


def why_not_let_in(answer, user_model):
    """Find out what a login view does when the password fits, and nobody is signed in."""
    app, held = answer.browser.app, sorted(answer.browser.session().keys() - {"_flashes", "_fresh"})
    db = app.extensions["sqlalchemy"]
    with app.app_context():
        ada = db.session.scalars(db.select(user_model).filter_by(username=NAME)).first()
        active = attempt(lambda: ada.is_active)
    if not active.value and not active.error:
        return {
            "fact": f"the password fits, and is_active of this user is {active.value}",
            "hint": "login_user() turns inactive users away. Where does is_active come from?",
            "at": user_model,
            "word": r"\bis_active\b",
        }
    if held:
        fact = f"the password fits, and the session holds {listed(held)}, no login"
        hint = "Flask-Login looks for an entry of its own. Which of its functions writes it?"
    elif not answer.hops or answer.at("/login"):
        fact = "the password fits, and the view signs nobody in"
        hint = "Which branch runs when the password fits? Which Flask-Login function belongs there?"
    else:
        fact = "the password fits, and nobody is in the session"
        hint = "Which Flask-Login function writes the user into the session?"
    return {"fact": fact, "hint": hint}


def why_let_in(answer):
    """Find out why a wrong password opens the door: was bcrypt asked about it?"""
    if answer.deeds.checked:
        fact = "the password does not fit the hash"
        hint = "What does the view do when the password does not fit?"
    else:
        fact = "no password was compared with a hash"
        hint = "Is check_password() called, with parentheses, before login_user()?"
    return {"got": answer, "fact": fact, "hint": hint}


def why_silent(page, hint):
    """Find out why a page says nothing: has flash() kept a message that no template shows?"""
    if not page.deeds.flashed:
        return {"got": page, "hint": hint}
    shows = template_with(page.browser.app, "get_flashed_messages")
    hint = "flash() only stores a message. Which call in a template shows it?"
    if shows:
        hint = f"{shows.name} asks for the messages. Does this page use it, and show all of them?"
    return {
        "got": page,
        "fact": f"flash() got {page.deeds.flashed[-1]}",
        "hint": hint,
        "at": shows or page.template,
        "word": "get_flashed_messages",
    }


def template_with(app, word):
    """Return the first template of the app's folder that holds a word, or None."""
    folder = Path(app.root_path, app.template_folder or "")
    paths = sorted(path for path in folder.glob("**/*") if path.is_file())
    return next((p for p in paths if word in p.read_text("utf-8", "backslashreplace")), None)


def why_open_to_strangers(page):
    """Find out why a stranger is not sent to the login page: who has let them pass?"""
    app, view = page.browser.app, view_of(page)
    if app.config.get("LOGIN_DISABLED"):
        return {
            "fact": "LOGIN_DISABLED is set",
            "hint": "LOGIN_DISABLED is a switch for tests. What does it do to login_required?",
            "at": app,
            "word": "LOGIN_DISABLED",
        }
    if is_wrapped_too_late(view):
        return {"hint": "What stands below login_required is protected: is that the function?"}
    handler = app.login_manager.unauthorized_callback
    if page.deeds.turned_away and handler:
        hint = "login_required has turned the visitor away. What does your unauthorized_handler do?"
        return {"hint": hint, "at": handler}
    if page.deeds.turned_away:
        hint = "login_required has turned the visitor away. Which view does login_view name?"
        return {"hint": hint, "at": app, "word": r"\blogin_view\b"}
    if any(word in source_of(view) for word in WHO_IS_THERE):
        hint = "The view itself asks who is there. What does it see, and return, for a stranger?"
        return {"hint": hint}
    return {"hint": "Which decorator asks Flask-Login whether the visitor is logged in?"}


def is_wrapped_too_late(view):
    """Say whether a decorator stands above the route, so that the route knows the bare function."""
    same_name = getattr(inspect.getmodule(view), getattr(view, "__name__", ""), None)
    return same_name is not view and inspect.unwrap(same_name) is view


def source_of(function):
    """Return the text of a function, or an empty string."""
    return attempt(lambda: inspect.getsource(inspect.unwrap(function))).value or ""


def why_still_in(answer):
    """Find out what keeps somebody logged in who has pressed the logout button."""
    app = answer.browser.app
    remember = app.config.get("REMEMBER_COOKIE_NAME", "remember_token")
    remembered = answer.browser.client.get_cookie(remember)
    facts = [] if answer.deeds.logged_out else ["logout_user() did not run"]
    facts += [f"the cookie {remember} is still there"] if remembered else []
    if not answer.deeds.logged_out:
        hint = "redirect() alone ends no login: which Flask-Login function does?"
    elif remembered:
        hint = "logout_user() leaves a note in the session: this cookie must go. Is the note kept?"
    else:
        hint = "What logs the user in again?"
    return {"fact": " and ".join(facts), "hint": hint, "at": answer}
