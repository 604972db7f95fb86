"""Answers to the exercises of lab 3; what is below a name goes in the place of None."""


# %% find
def find(connection, name):
    return connection.execute("SELECT * FROM user WHERE username = ?", (name,)).fetchone()


# %% is_safe
def is_safe(target):
    local = target.startswith("/") and not target.startswith("//")
    return local and "\\" not in target and target.isprintable()


# %% token_ok
import hmac


def token_ok(session, form):
    sent, stored = form.get("csrf_token", ""), session.get("csrf_token", "")
    return bool(stored) and hmac.compare_digest(sent, stored)


# %% allowed
def allowed(failures, now):
    return sum(now - 3600 < moment <= now for moment in failures) < 10


# %% sprayers
def sprayers(failures, limit):
    tried = {}
    for address, username in failures:
        tried.setdefault(address, set()).add(username)
    return {address for address, names in tried.items() if len(names) > limit}
