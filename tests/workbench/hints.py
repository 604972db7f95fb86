"""Choose a hint from what was got; where nothing certain is known there is none.

A hint is a question or names an API, in at most 25 words. It is never the finished line.
"""

import re

# What Python and the libraries say: (type of the error, pattern of its text, hint).
# {1} is the pattern's first group, {views} and {tables} are looked up in the app.
ERRORS = [
    (
        "ModuleNotFoundError",
        r"'(.+)'",
        "Is {1} spelled as its documentation spells it? The packages here are those of "
        "requirements.txt.",
    ),
    (
        "ImportError",
        "partially initialized",
        "Two files import each other. Which of them needs the other only later?",
    ),
    ("ImportError", "name '(.+?)'", "Is {1} spelled as the documentation spells it?"),
    ("NameError", "'bcrypt'", "The import brings the class Bcrypt. Where is an object of it made?"),
    (
        "NameError",
        "'(.+?)'",
        "Which line imports or defines {1}, and does it stand above this one?",
    ),
    ("IndentationError", "unexpected indent", "Do all lines of this block start in one column?"),
    ("IndentationError", "expected", "What belongs below the line that ends in a colon?"),
    ("SyntaxError", "utf-8|null bytes", "In which encoding is the file saved? Python reads UTF-8."),
    ("UnicodeDecodeError", "utf-8", "In which encoding is the template saved? Flask reads UTF-8."),
    (
        "RuntimeError",
        "SQLALCHEMY_DATABASE_URI",
        "SQLAlchemy(app) reads SQLALCHEMY_DATABASE_URI once. Is it spelled like that, and set "
        "above?",
    ),
    (
        "RuntimeError",
        "outside of application context",
        "Outside a request, Flask must be told which app is meant: see app.app_context().",
    ),
    ("RuntimeError", "no secret key", "Flask signs the session cookie. Which setting is the key?"),
    (
        "RuntimeError",
        "not registered with this 'SQLAlchemy'",
        "Has this SQLAlchemy object met the app? See SQLAlchemy.init_app().",
    ),
    (
        "RuntimeError",
        "already been registered",
        "SQLAlchemy(app) calls init_app() itself. Is there a second one?",
    ),
    (
        "AttributeError",
        "'login_manager'",
        "Has the LoginManager met the app? See LoginManager.init_app().",
    ),
    (
        "UndefinedError",
        "'current_user'",
        "Flask-Login brings current_user. Has the LoginManager met the app?",
    ),
    (
        "AttributeError",
        "'before_first_request'",
        "Flask 2.3 removed it. What can run once while the file loads?",
    ),
    (
        "Exception",
        "Missing user_loader",
        "Flask-Login does not know your function yet. Which decorator introduces it?",
    ),
    (
        "OperationalError",
        "no such table",
        "Which call makes the tables, and does it run below the model?",
    ),
    (
        "AttributeError",
        "'User' object has no attribute '(is_active|is_authenticated|get_id)'",
        "Flask-Login asks every user for {1}. Which of its classes brings that?",
    ),
    (
        "AttributeError",
        "no attribute 'is_active'",
        "login_user() wants a user. What does it get here?",
    ),
    (
        "AttributeError",
        "'(Query|Select)' object",
        "A query is a question. Which method asks it and returns one user?",
    ),
    (
        "AttributeError",
        "module 'bcrypt'",
        "Here bcrypt is the package. Which variable holds your Bcrypt object?",
    ),
    (
        "AttributeError|TypeError",
        r"^(string|integer|boolean)$|column\(\) got an unexpected",
        "SQLAlchemy writes its columns and types with a capital letter. Does this line?",
    ),
    (
        "AttributeError",
        "type object 'User' has no attribute '(get|query)'",
        "Rows are looked up through the session: see db.session.get().",
    ),
    (
        "TypeError",
        "'(.+?)' is an invalid keyword argument",
        "Which columns does the model have? {1} is none of them.",
    ),
    (
        "TypeError",
        r"(\w+)\(\) takes no arguments",
        "Which base class turns {1} into a table with columns?",
    ),
    (
        "AttributeError",
        "'User' object has no attribute 'password'",
        "Which column of User holds the hash?",
    ),
    (
        "AttributeError",
        "'NoneType' object has no attribute",
        "The query found nobody. What does the view do when there is no such user?",
    ),
    (
        "(AttributeError|UndefinedError)",
        "AnonymousUserMixin",
        "A stranger has none of your columns: see current_user.is_authenticated.",
    ),
    (
        "ValueError",
        "Invalid salt",
        "check_password_hash() takes the stored hash first. Is a bcrypt hash stored there?",
    ),
    (
        "ValueError",
        "longer than 72 bytes",
        "bcrypt refuses more than 72 bytes. Who counts them before it is asked?",
    ),
    (
        "ValueError",
        "hash method",
        "Werkzeug has a function of the same name. Which object hashes with bcrypt?",
    ),
    (
        "IntegrityError",
        "UNIQUE",
        "The database refused a second row. What can catch that, and what must the session do?",
    ),
    (
        "IntegrityError",
        r"NOT NULL constraint failed: \w+\.(\w+)",
        "The column {1} must not stay empty. Which line fills it in?",
    ),
    (
        "BuildError",
        "endpoint '(.*?)'",
        "url_for() takes the name of a view function. There are: {views}.",
    ),
    (
        "TemplateNotFound",
        "",
        "Flask looks in the folder templates beside app.py. Is the name the same there?",
    ),
    (
        "BadRequestKeyError",
        "",
        "Which names do the form's fields have, and which name does the view read?",
    ),
    (
        "TypeError",
        "did not return a valid response",
        "Which way through the view ends without a return?",
    ),
    (
        "TypeError",
        "'bool' object is not callable",
        "is_authenticated is a property. Does a property want parentheses?",
    ),
    (
        "AssertionError",
        "overwriting an existing endpoint function: (.+)",
        "Two views share the name {1}. What tells Flask them apart?",
    ),
    (
        "TypeError",
        "missing 1 required positional argument: '(func|callback)'",
        "This decorator takes no arguments. What do the parentheses behind its name do?",
    ),
    (
        "TypeError",
        r"(\w+)\(\) takes \d+ positional arguments? but",
        "Which parameters does {1} name in its def line? The first one of a method is self.",
    ),
    (
        "TypeError",
        "'User' object is not callable",
        "current_user is a user, not a function. Does it want parentheses?",
    ),
    (
        "ArgumentError",
        "primary key",
        "Which argument of db.Column makes a column the primary key?",
    ),
    (
        "ArgumentError",
        "URL",
        "How many slashes stand between sqlite: and the name of the file?",
    ),
    (
        "TemplateSyntaxError",
        "",
        "Has each block, if and for its end, and each opening brace a closing one?",
    ),
    ("StillRunning", "", "What would have to happen for this line to come to an end?"),
    ("SystemExit", "", "Which line ends the program while Flask is loading it?"),
]


def hint_for_error(error, app):
    """Return the hint that belongs to an error, or None."""
    views = ", ".join(sorted(set(app.view_functions) - {"static"})) if app else ""
    if app and getattr(error, "endpoint", "") == app.login_manager.login_view:
        return f"login_view takes the name of a view function. There are: {views}."
    for kind, pattern, hint in ERRORS:
        match = re.search(pattern, str(error))
        if match and re.fullmatch(kind, type(error).__name__):
            return hint.format(match[0], *match.groups(), views=views)
    return getattr(error, "hint", None)


def hint_for_page(page):
    """Return the hint that belongs to the status and the redirects of a page, or None."""
    if page.error:
        hint = hint_for_error(page.error, page.browser.app)
        own = isinstance(page.error, ValueError)
        return hint or ("Where does the view catch this error and show its text?" if own else None)
    if len(page.hops) > 1 and not page.status.startswith("200"):
        return "Which page sends the visitor on to itself?"
    if page.status.startswith("404"):
        rules = {r.rule for r in page.browser.app.url_map.iter_rules() if r.endpoint != "static"}
        routes = ", ".join(sorted(rules)) or "none"
        return f"No route answers {page.path}. Routes so far: {routes}."
    if page.status.startswith("405"):
        return f"Which methods does the route of {page.path} accept?"
    if page.status.startswith("401"):
        return "Flask-Login answers 401 while it knows no login page: see LoginManager.login_view."
    return None
