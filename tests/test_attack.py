"""Guard: the attacks are told as they are, run on a copy, and need a login that works."""

import json
import re
import shutil
import subprocess
import sys
import tomllib

import ada_url
import pytest
from attack_pages import PAGES, SAYS, TRY, generated
from attacks import ATTACKS, CHAPTERS, report, where_a_login_leads
from attacks.lab import Lab, chosen
from attacks.verdicts import (
    FAILS,
    FEATURES,
    NOT_READY,
    NOT_THERE,
    READ,
    SUCCEEDS,
    Verdict,
    slug,
)
from examiner import ROOT, STEPS
from readmes import FINAL, listings
from test_diffs import lines_of_code

STEP = STEPS[-1]
EDITS = tomllib.loads((FINAL / "attacks.toml").read_text("utf-8"))["features"]
MODULES = sorted((ROOT / "tests/attacks").glob("*.py"))


def attack(*words):
    """Type `workbook.py attack` with these words; return the finished process."""
    command = [sys.executable, ROOT / "tests/attack.py", *words]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=300, cwd=ROOT, check=False
    )


@pytest.fixture
def my_app(tmp_path):
    """A copy of step 5 in a folder of its own."""
    folder = tmp_path / "my_app"
    shutil.copytree(STEP, folder, ignore=shutil.ignore_patterns("__pycache__", "test_*", "*.md"))
    return folder


def edit(app, old, new):
    """Replace a text in app.py."""
    file = app / "app.py"
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def test_there_are_enough_attacks():
    """At least 24, each with a sentence, a hint and a name of its own."""
    assert len(ATTACKS) == sum(len(chapter.attacks) for chapter in CHAPTERS) >= 24
    assert [one.name for one in ATTACKS.values() if len(one.sentence.split()) > 18] == []
    assert [one.name for one in ATTACKS.values() if len(one.hint.split()) > 25] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_is_small(path):
    """Below 200 lines of code."""
    assert len(lines_of_code(path.read_text("utf-8"))) < 200


def test_a_message_says_what_an_attacker_can_do(my_app):
    """It has the lines of a checkpoint's; the verdict goes into the file, too."""
    file = my_app.parent / "verdicts.json"
    done = attack(my_app, "replay", "--json", file)

    assert done.returncode == 1, done.stderr
    assert "A cookie copied before logout still opens /welcome\n  got    session" in done.stdout
    assert "app.py, line 112: logout_user()" in " ".join(done.stdout.split())
    assert f"  read   {READ}/03_logins_that_end.md#" in done.stdout
    assert "hint   " not in done.stdout
    assert json.loads(file.read_text()) == {"attacks": {"replay": "succeeds"}, "ready": True}


def test_a_hint_is_shown_on_demand(my_app):
    """By --hints, wherever it is typed."""
    assert "\n  hint   logout_user() deletes" in attack("--hints", my_app, "replay").stdout


def test_an_app_that_lets_nobody_in_has_stopped_nothing(my_app):
    """The message is that of the checkpoint, and no attack fails."""
    edit(my_app, "            login_user(user)\n", "")
    file = my_app.parent / "verdicts.json"
    done = attack(my_app, "replay", "--json", file)

    assert done.returncode == 1
    assert "logging in signs you in" in done.stdout
    assert "steps/04_views/README.md#log-in" in done.stdout
    assert json.loads(file.read_text()) == {"attacks": {}, "ready": False}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("app = Flask(__name__)", "app = Flask(__name__"),
        ("app = Flask(__name__)", "raise SystemExit(3)"),
        ("app = Flask(__name__)", "import os; os._exit(0)"),
        ('    return render_template("welcome.html")', "    while True:\n        pass"),
        ('    return render_template("welcome.html")', "    return 1 / 0"),
    ],
)
def test_whatever_an_app_does_there_is_a_message(my_app, old, new):
    """No traceback, and no verdict of "fails"."""
    edit(my_app, old, new)
    done = attack(my_app, "replay")

    assert done.returncode == 1
    assert "can't be attacked yet" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def sends(header, value):
    """Return the edit of step 5 that sends a header with each answer."""
    function = f"lambda answer: answer.headers.update({{{header!r}: {value!r}}}) or answer"
    return "app.py", "db = SQLAlchemy(app)", f"db = SQLAlchemy(app)\napp.after_request({function})"


def test_an_app_that_asks_for_a_token_in_vain_is_told_which():
    """The reason is in the message, where Flask has not made it up."""
    guard = "from flask_wtf import CSRFProtect\nCSRFProtect(app)\ndb = SQLAlchemy(app)"
    unmet = Lab(STEP, [("app.py", "db = SQLAlchemy(app)", guard)]).look()

    assert unmet.seen == '400 BAD REQUEST, the page says "The CSRF token is missing."'
    field = 'request.form["username"], request.form["password"])'
    unmet = Lab(STEP, [("app.py", field, field.replace("username", "user"))]).look()
    assert unmet.seen == "400 BAD REQUEST"


KEY = 'app.config["SECRET_KEY"] = "dev-5f1d9c3ab07e48d2a6c4e8091b7f2d63"'
OLD_KEY = 'import os; app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]\n'
OLD_KEY += 'app.config["SECRET_KEY_FALLBACKS"] = ["dev-5f1d9c3ab07e48d2a6c4e8091b7f2d63"]'
SHORT_KEY = 'import os, secrets\napp.config["SECRET_KEY"] = os.environ.get("SECRET_KEY")'
SHORT_KEY += " or secrets.token_hex(3)"
LOOK = '        if user and user.check_password(request.form["password"]):'
SAFE = ("templates/register.html", "request.form.username }}", "request.form.username | safe }}")
CLOSED = f"""
        if user and FAILED.count(username) >= 8:
            flash("Closed for a while.")
            return render_template("login.html")
{LOOK}"""
COUNTED = """
        FAILED.append(username)
        flash("Wrong username or password.")"""
DUMMY = f"""
        if not user:
            bcrypt.check_password_hash(bcrypt.generate_password_hash("nobody", 4), "nobody")
{LOOK}"""


@pytest.mark.parametrize(
    ("name", "edits", "seen", "where"),
    [
        (
            "frame",
            [sends("X-Frame-Options", "ALLOWALL")],
            '"X-Frame-Options: ALLOWALL" keeps',
            "app.after_request(",
        ),
        (
            "frame",
            [sends("Content-Security-Policy", "frame-ancestors none")],
            '/welcome may be framed: "Content-Security-Policy: frame-ancestors none" keeps no one',
            "app.after_request(",
        ),
        ("back", [], "no Cache-Control", 'app.py, line 102: @app.get("/welcome")'),
        ("megabytes", [], "10 MB is read", "steps/05_logout/app.py"),
        ("markup", [SAFE], "as a tag", "templates/register.html, line"),
        ("common", [], '"password1"', "line 61: def create_user("),
        ("key", [("app.py", KEY, OLD_KEY)], "taken for ada's", "SECRET_KEY_FALLBACKS"),
        ("key", [("app.py", KEY, SHORT_KEY)], "signed with a key of 6 characters", "SECRET_KEY"),
        (
            "answer",
            [
                ("app.py", "db = SQLA", "FAILED = []\ndb = SQLA"),
                ("app.py", '        flash("Wrong username or password.")', COUNTED),
                ("app.py", LOOK, CLOSED),
            ],
            'after 8 wrong passwords, the answer says "Closed for a while." for a name that exists',
            'flash("Closed for a while.")',
        ),
        (
            "answer",
            [
                (
                    "app.py",
                    " > MAX_PASSWORD_BYTES:\n            return False",
                    " > 72:\n            1 / 0",
                )
            ],
            "to a password of over 72 bytes, the answer is 500 INTERNAL SERVER ERROR for a name",
            "user.check_password(",
        ),
        ("clock", [("app.py", LOOK, DUMMY)], "with 128 times the work", "user.check_password("),
        (
            "logs",
            [("app.py", LOOK, f'        print("-" * 200, dict(request.form))\n{LOOK}')],
            "'username': 'ada', 'password': '(the password)'}",
            "print(",
        ),
    ],
)
def test_a_message_says_what_was_seen_and_where(name, edits, seen, where):
    """The line is the one that lets the attack through, and none of the app's tests."""
    lab = Lab(STEP, edits, base=ROOT)
    assert lab.look() is None
    verdict = lab.attack(ATTACKS[name])

    assert seen in verdict.seen
    assert where in verdict.where
    assert where.endswith(".py") is ("line" not in verdict.where)


ANY_PAGE = '@app.get("/<path:any>")\ndef any_page(any):\n    return "Nothing here."'


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("debugger", ("app.py", '@app.get("/welcome")', f'{ANY_PAGE}\n\n\n@app.get("/welcome")')),
        ("shared-cache", sends("Cache-Control", "public, no-cache")),
    ],
)
def test_what_only_looks_like_an_open_door(name, edit):
    """A page at every path is no console, and a cache that has to ask first is no shared one."""
    verdict = Lab(STEP, [edit]).attack(ATTACKS[name])

    assert verdict.kind == FAILS


def test_an_app_that_nothing_gets_through_is_told_where_to_go_on():
    """The last words say what has been shown, and what has not; others get a message to act on."""
    verdicts = dict.fromkeys(ATTACKS, Verdict(FAILS))
    text = "\n".join(report.told(verdicts, "my_app", hints=False))

    assert "The app withstands every attack of this lab" in text
    assert text.endswith("final/README.md#deploy")
    assert "lacks" not in text
    verdicts |= {"replay": Verdict(NOT_THERE, "next"), "early": Verdict(NOT_THERE, "deletion")}
    text = "\n".join(report.told(verdicts, "my_app", hints=False))
    assert "It lacks next and deletion: what to build is in the chapters." in text
    assert "  read   final/chapters/README.md#what-to-name" in text
    verdicts["replay"] = Verdict(SUCCEEDS, "seen")
    assert "withstands" not in "\n".join(report.told(verdicts, "my_app", hints=False))


def test_an_app_that_breaks_in_production_is_shown_where(my_app):
    """As a checkpoint would."""
    edit(my_app, "app = Flask(__name__)", """app = Flask(__name__)
if not app.debug:
    raise ValueError("no mail server")""")  # fmt: skip
    done = attack(my_app, "replay")

    assert "got    ValueError: no mail server" in done.stdout
    assert 'app.py, line 11: raise ValueError("no mail server")' in " ".join(done.stdout.split())


def test_nothing_of_the_learner_changes(my_app):
    """The app is attacked in a copy."""
    before = {path: path.read_bytes() for path in my_app.rglob("*") if path.is_file()}
    attack(my_app, "replay", "wire")

    assert {path: path.read_bytes() for path in my_app.rglob("*") if path.is_file()} == before


def test_a_feature_that_does_not_work_is_not_stopped():
    """A form that changes nothing gives no verdict: the app has to be used honestly first."""
    lab = Lab(STEP, [("app.py", "login_user(user)", "login_user(user, remember=True)")])
    assert lab.look() is None
    broken = Lab(STEP, [("app.py", "    logout_user()\n", "")])
    assert broken.look().kind == NOT_READY


WELCOME = '\n@app.get("/welcome")\n'
LINK = ["templates/welcome.html", "<form", '<a href="/password">New password</a><form']


@pytest.mark.parametrize(
    ("view", "seen"),
    [
        ('    return render_template("pasword.html")', "500 TemplateNotFound: pasword.html"),
        (
            "    if request.method == 'POST':\n        1 / 0\n"
            "    return '<form method=post><input name=new type=password><button></form>'",
            "500 ZeroDivisionError: division by zero",
        ),
    ],
)
def test_a_feature_that_breaks_is_not_absent(view, seen):
    """The message names the page and the error, whether the page breaks or what it sends."""
    code = f'\n@app.route("/password", methods=["GET", "POST"])\ndef new_one():\n{view}\n'
    lab = Lab(STEP, [LINK, ["app.py", WELCOME, code + WELCOME]])
    assert lab.look() is None
    verdict = lab.attack(ATTACKS["blind-change"])

    assert (verdict.kind, verdict.seen) == (NOT_READY, seen)
    assert verdict.promise.startswith("/password, ")


@pytest.mark.parametrize("name", ["blind-change", "new-password", "change-csrf"])
def test_the_line_of_a_feature_is_the_start_of_its_view(name):
    """Not that of the method that it calls, whatever the view is named."""
    change = [
        [file, old, new.replace("def change_password", "def edit")]
        for file, old, new in EDITS["change"]
    ]
    lab = Lab(STEP, change)
    assert lab.look() is None

    assert lab.attack(ATTACKS[name]).where.endswith(": def edit():")


ECHO = 'click.echo("/reset/" + tokens.dumps(username))'


@pytest.mark.parametrize(
    "echo",
    [
        'print(f"For {username}: <https://example.org/reset/{tokens.dumps(username)}>. OK.")',
        'print(f"See /help, 24/7, or go to https://example.org/reset/{tokens.dumps(username)}.")',
        """print(f"Open '/reset/{tokens.dumps(username)}', please.")""",
    ],
)
def test_a_reset_link_may_stand_in_a_sentence(echo):
    """In brackets or quotes, and with a stop behind it."""
    lab = Lab(STEP, [*EDITS["reset"], ["app.py", ECHO, echo]])
    assert lab.attack(ATTACKS["reset-again"]).kind == SUCCEEDS


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ('raise RuntimeError("Unable to build URLs")', "RuntimeError: Unable to build URLs"),
        ('raise click.ClickException("Who is that?")', "Error: Who is that?"),
        ("pass", "no output"),
    ],
)
def test_a_command_that_fails_says_why(fault, seen):
    """The message has the last line of what it says."""
    lab = Lab(STEP, [*EDITS["reset"], ["app.py", ECHO, fault]])
    verdict = lab.attack(ATTACKS["reset-again"])

    assert (verdict.kind, verdict.seen) == (NOT_READY, seen)


def test_a_name_may_be_a_part():
    """A word stands for all attacks whose names hold it; a whole name for itself."""
    assert chosen(["replay"]) == ["replay"]
    assert chosen(["remember"]) == ["remember-me", "old-remember-me"]
    assert chosen(["reset_again"]) == ["reset-again"]
    assert chosen(["nonsense"]) == []
    assert chosen([]) == [*ATTACKS]


@pytest.mark.parametrize("base", ["https://localhost/login", "http://localhost/login"])
def test_addresses_are_read_as_browsers_read_them(base):
    """For each target that is tried, the origin is that of a library that follows the standard."""
    differing = {}
    for target in where_a_login_leads.TARGETS:
        ours = where_a_login_leads.origin_of(target, base)
        try:
            theirs = ada_url.URL(target, base=base)
        except ValueError:  # browsers go nowhere
            continue
        known = theirs.origin if theirs.origin != "null" else theirs.protocol
        if ours != known:
            differing[target] = (ours, known)

    assert len(where_a_login_leads.TARGETS) >= 140
    assert differing == {}


@pytest.fixture(scope="module")
def fresh():
    """The pages, with their outputs made today."""
    return generated()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_outputs_are_those_of_today(page, fresh):
    """Every output was produced by running the attack."""
    assert page.read_text("utf-8") == fresh[page], "generate it again: python tests/attack_pages.py"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.title)
def test_each_attack_has_its_section(chapter):
    """In the order of the chapter, with what comes of it on step 5, a defense, and a task."""
    text = (FINAL / "chapters" / chapter.file).read_text("utf-8")
    parts = re.split(r"^## (.+)\n", text, flags=re.M)[1:]
    told = dict(zip(parts[::2], parts[1::2], strict=True))
    titles = [one.title for one in chapter.attacks]

    assert [title for title in told if title in titles] == titles
    for one in chapter.attacks:
        section = told[one.title]
        told_here = [*TRY.finditer(section), *SAYS.finditer(section)]
        assert [found["name"] for found in told_here] == [one.name]
        parts = ["**How it is prevented.**", "**In your app.**", "**Your turn.**"]
        assert [part for part in parts if section.count(part) != 1] == [], one.name
        assert sorted(parts, key=section.index) == parts, one.name


def test_what_is_missing_is_shown_once():
    """The first attack that needs a feature shows the message; later ones say so in a line."""
    shown = "".join(page.read_text("utf-8") for page in PAGES)
    missing = re.findall(r"^[\w-]+ needs (.+), which the app does not have$", shown, re.M)

    assert sorted(missing) == sorted(FEATURES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_listing_is_cut_from_final(page):
    """A listing is in the file that its title names."""
    wrong = []
    for part in listings(page.read_text("utf-8")):
        if part.file and not part.place and part.code not in (FINAL / part.file).read_text("utf-8"):
            wrong.append(part.code)

    assert wrong == []


def test_the_table_of_names_is_whole():
    """The map of the chapters says of each feature what to build."""
    text = " ".join((FINAL / "chapters/README.md").read_text("utf-8").split())

    assert [name for name in FEATURES if f"| {name} |" not in text] == []
    assert [page.name for page in PAGES if page.name != "README.md" and page.name not in text] == []
    assert "test final -k NAME" in text


def test_every_message_reads_on_somewhere():
    """The pages that messages name have the headings that they name."""
    sources = "".join(path.read_text("utf-8") for path in MODULES)
    read = re.findall(r'"((?:final|steps)/[\w/]+\.md)#([\w-]+)"', sources)

    assert len(read) >= 6
    for file, heading in read:
        text = (ROOT / file).read_text("utf-8")
        assert heading in [slug(one) for one in re.findall(r"^#+ (.+)$", text, re.M)], heading
