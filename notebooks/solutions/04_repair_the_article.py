"""Answers to the exercises of lab 4; what is below a name goes in the place of None."""

# %% order
order = "BACED"


# %% load
def load(get, user_id):
    return get(int(user_id)) if user_id.isdecimal() else None


# %% is_right
def is_right(check_password_hash, stored, attempt):
    return stored is not None and check_password_hash(stored, attempt)


# %% repaired
repaired = (
    EXERCISE.replace('@app.get("/register")', '@app.route("/register", methods=["GET", "POST"])')
    .replace("login_user(name)", "login_user(person)")
    .replace(
        '@login_required\n@app.get("/welcome")\n',
        '@app.get("/welcome")\n@login_required\n',
    )
)
