"""The notebooks: clean as stored, true as run, and red when a step app breaks."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from cores import on_all_cores
from examiner import ROOT
from lab_answers import RIGHT, WRONG
from lab_changes import CHANGE, NOTEBOOKS, notebook, run_with_changes, sections
from test_diffs import lines_of_code

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
sys.path.append(str(NOTEBOOKS))

import charts  # noqa: E402
import drafts  # noqa: E402
import lab  # noqa: E402

UNWANTED = re.compile(r"\b(simply|just|obviously)\b|!(?!\[|=)", re.IGNORECASE)
PLACES = re.compile(r"0x[0-9a-f]{4,}|/tmp/|/home/|/root/|[A-Z]:\\")
ODD = {"42": "", "lambda *words: {}['no such key']": ""}  # what no exercise asks for
EXERCISE, HOLDS = "exercise:", "holds:"
BOX = SimpleNamespace(_repr_mimebundle_=dict)  # in the place of widgets that no notebook shows
LINK = re.compile(r"\]\(([^)\s]+)\)")

FACTS = tomllib.loads((ROOT / "tests/lab_facts.toml").read_text("utf-8"))
BREAKS = {  # an edit of an app, and the notebook that notices
    "no guard": ("02", "steps/05_logout/app.py", "@login_required\n", ""),
    "scripts read the cookie": (
        "02",
        "steps/05_logout/app.py",
        "\ndb = ",
        '\napp.config["SESSION_COOKIE_HTTPONLY"] = False\ndb = ',
    ),
    "a cheap work factor": (
        "01",
        "steps/03_hashing/app.py",
        "\ndb = ",
        '\napp.config["BCRYPT_LOG_ROUNDS"] = 4\ndb = ',
    ),
    "a cookie for every site": (
        "02",
        "steps/05_logout/app.py",
        'app.config["SESSION_COOKIE_SAMESITE"] = "Lax"\n',
        'app.config["SESSION_COOKIE_SAMESITE"] = None  # "SESSION_COOKIE_SAMESITE"] = "Lax"\n',
    ),
    "a password of 73 bytes": (
        "01",
        "steps/05_logout/app.py",
        "MAX_PASSWORD_BYTES = 72",
        "MAX_PASSWORD_BYTES = 73",
    ),
    "one salt for everyone": (
        "01",
        "steps/03_hashing/app.py",
        "bcrypt.generate_password_hash(password)",
        "__import__('bcrypt').hashpw(password.encode(), b'$2b$12$abcdefghijklmnopqrstuu')",
    ),
    "a login of an hour": (
        "02",
        "steps/05_logout/app.py",
        "\ndb = ",
        '\napp.config["PERMANENT_SESSION_LIFETIME"] = 3600\ndb = ',
    ),
    "no logout": ("02", "steps/05_logout/app.py", "    logout_user()\n", ""),
    "two messages": (
        "03",
        "steps/05_logout/app.py",
        'flash("Wrong username or password.")',
        'flash("Wrong password." if user else "Who?")',
    ),
    "logout by a link": (
        "03",
        "steps/05_logout/app.py",
        '@app.post("/logout")',
        '@app.get("/logout")',
    ),
    "rows outlive the logout": (
        "02",
        "final/accounts.py",
        "end_logins(current_user, here)",
        "True",
    ),
}
WHOLE = {  # edits that break nothing: the notebook stays as it is stored
    f"nothing in lab {start}": (start, "steps/05_logout/app.py", "\ndb = ", "\n\ndb = ")
    for start in ("01", "02", "03")
}


def cells(path, kind):
    """Return the cells of a kind."""
    return [cell for cell in notebook(path).cells if cell.cell_type == kind]


def tagged(cell, kind):
    """Return what the tag of a cell names, of the exercises or of what holds, or None."""
    tags = cell.metadata.get("tags", [])
    return next((tag.removeprefix(kind) for tag in tags if tag.startswith(kind)), None)


def exercise(cell):
    """Return the name of the exercise in a cell, or None."""
    return tagged(cell, EXERCISE)


def printed(cell):
    """Return the text of a cell's outputs."""
    data = [output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "".join(output.get("text", "") for output in cell.outputs) + "".join(data)


def by_name(path):
    """Name a case of a test after its file."""
    return path.stem


# As they are stored


@pytest.mark.parametrize("path", PATHS, ids=by_name)
def test_a_notebook_was_run_from_top_to_bottom(path):
    """Nothing is skipped; no output holds an error, a place of a machine, or words of stderr."""
    stored, code = notebook(path), cells(path, "code")
    outputs = [output for cell in code for output in cell.outputs]
    texts = [
        output.get("text", "") + str(output.get("data", {}).get("text/plain")) for output in outputs
    ]

    assert [cell.execution_count for cell in code] == [*range(1, len(code) + 1)]
    assert stored.metadata.kernelspec.name == "python3"
    assert len({cell.id for cell in stored.cells}) == len(stored.cells)
    assert {output.output_type for output in outputs} <= {"stream", "display_data"}
    assert {output.name for output in outputs if output.output_type == "stream"} == {"stdout"}
    assert [text for text in texts if PLACES.search(text)] == []
    assert "nbval" not in path.read_text("utf-8")


@pytest.mark.parametrize("path", PATHS, ids=by_name)
def test_what_a_notebook_shows_is_what_it_says(path):
    """The outputs hold the facts of the text; each section has one that is looked at."""
    tags = {tagged(cell, HOLDS): printed(cell).strip() for cell in cells(path, "code")}
    tags.pop(None)

    for name, text in tags.items():
        assert re.search(FACTS[name], text), f"{name}:\n{text}"
    for story, *rest in sections(path):
        assert any(tagged(cell, HOLDS) for cell in rest), story.source


def test_every_fact_is_looked_at():
    """No fact is left without a cell, and lab 4 has all the stops."""
    names = [tagged(cell, HOLDS) for path in PATHS for cell in cells(path, "code")]
    found = [name for name in names if name]

    assert sorted(found) == sorted(FACTS)
    assert [name for name in found if "stop-" in name] == [f"stop-{n}" for n in range(1, 25)]


@pytest.mark.parametrize("path", PATHS, ids=by_name)
def test_a_section_tells_asks_shows_and_invites(path):
    """It has a story, a question before the code, short cells, and three changes to try."""
    assert len(sections(path)) >= 5
    for story, *rest in sections(path):
        prose = "\n".join(cell.source for cell in rest if cell.cell_type == "markdown")
        assert "\n\n" in story.source, story.source
        assert "**Predict:**" in story.source, story.source
        assert rest[0].cell_type == "code"
        assert prose.count("**Change it**") == 1, story.source
        assert len(CHANGE.findall(prose)) == 3, story.source
        for cell in [cell for cell in rest if cell.cell_type == "markdown"]:
            asks = cell.source.startswith(("### ", "**Change it**")) or "**Predict" in cell.source
            assert asks != ("answer" in cell.metadata.get("tags", [])), cell.source
    for cell in cells(path, "code"):
        lines = [line for line in cell.source.splitlines() if line]
        assert len(lines) <= 12, cell.source
        assert not re.search(r"^\s*assert\b", cell.source, re.M), cell.source
        assert {*cell.metadata} <= {"tags"}


def test_every_repair_is_folded():
    """Of code that is folded a learner sees the first line, which must not give it away."""
    code = cells(PATHS[3], "code")
    repairs = [cell for cell in code if "draft.repair(" in cell.source]
    folded = [cell for cell in code if "folded" in cell.metadata.get("tags", [])]

    assert [cell for cell in repairs if cell not in folded] == []
    firsts = [cell.source.partition("\n")[0] for cell in folded]
    assert firsts == [f"# The repair of stop {number}" for number in range(1, 25)]


def test_an_experiment_can_be_run_again_and_again():
    """Only where guesses are counted, final/ may answer 429 after some runs of a cell."""
    code = [cell.source for path in PATHS for cell in cells(path, "code")]
    loaded = [
        call for text in code for call in re.findall(r'(?:load_step|prepared)\("final".*', text)
    ]

    assert [call for call in loaded if "UNLIMITED" not in call] == ['prepared("final"))}']


@pytest.mark.parametrize(
    ("number", "heading"),
    [("02", "Expiry, with a time"), ("02", "What the test client"), ("03", "Press somebody")],
)
def test_what_the_client_cannot_show_is_said_before_the_question(number, heading):
    """Where a browser would do something else, the reader knows it before they predict."""
    path = next(path for path in PATHS if path.name.startswith(number))
    story = next(s[0].source for s in sections(path) if s[0].source.startswith(f"## {heading}"))
    before = story.partition("**Predict:**")[0]

    assert "client" in before or "the visitor sends the cookie whatever" in before


@pytest.mark.parametrize("path", PATHS, ids=by_name)
def test_the_prose_is_plain(path):
    """No word makes a reader feel small, and nothing is shouted."""
    prose = "\n".join(re.sub(r"`[^`\n]+`|<[^>]+>", "", c.source) for c in cells(path, "markdown"))

    assert UNWANTED.findall(prose) == []


@pytest.mark.parametrize("path", PATHS, ids=by_name)
def test_a_chart_has_a_text(path):
    """Every chart is a picture with an alternative text, which an untrusted notebook shows."""
    data = [output.get("data", {}) for cell in cells(path, "code") for output in cell.outputs]

    assert [entry for entry in data if "image/png" in entry or "image/svg+xml" in entry] == []
    charts = [entry["text/html"] for entry in data if "text/html" in entry]
    assert charts or path.name.startswith("04")
    assert all(re.match(r'<img data-measured="1" alt="[^"]{20,}" src="data:', c) for c in charts)


@pytest.mark.parametrize("path", PATHS, ids=by_name)
def test_no_source_gives_a_chart_away(path):
    """The alternative text is made of what was measured, when it has been measured."""
    calls = re.findall(r"^show\((.*)\)$", "\n".join(c.source for c in cells(path, "code")), re.M)

    assert all(re.match(r'figure, "[\w ,-]+", [\w{]', call) for call in calls), calls


# Exercises


def exercises():
    """Return (notebook, name, last line of the cell) of every exercise."""
    found = [(path, exercise(cell), cell) for path in PATHS for cell in cells(path, "code")]
    return [pytest.param(path, name, cell, id=name) for path, name, cell in found if name]


def solution(path, name):
    """Return the code of an answer and of those before it, whose functions it may use."""
    text = (NOTEBOOKS / "solutions" / path.with_suffix(".py").name).read_text("utf-8")
    parts = re.split(r"^# %% (\w+)\n", text, flags=re.M)
    names = parts[1::2]
    return "\n".join(parts[2 : 2 * names.index(name) + 3 : 2])


def answered(code, cell, capsys):
    """Return what the cell says with this code in the place of None."""
    lines = cell.source.splitlines()
    assert lines[0].endswith("= None")
    names = {"check": lab.check, "EXERCISE": lab.EXERCISE}
    exec("\n".join([code, *lines[1:]]), names)  # noqa: S102 - code of our own
    return capsys.readouterr().out


@pytest.mark.parametrize(("path", "name", "cell"), exercises())
def test_an_exercise_knows_right_from_wrong(path, name, cell, capsys):
    """It waits without an answer, takes ours, says what is wrong with another, and never raises."""
    assert cell.outputs[0].text.startswith(f"[ ] {name}: ")
    right = [solution(path, name), *(f"{name} = {answer}" for answer in RIGHT[name])]
    assert [answered(code, cell, capsys) for code in right] == [f"[v] {name}\n"] * 3
    for answer, word in (WRONG[name] | ODD).items():
        said = answered(f"{name} = {answer}", cell, capsys)
        assert re.search(rf"^\[[x ]\] {name}: \S.{{8,}}\n\Z", said, re.M), f"{answer}: {said}"
        assert word in said, f"{answer}: {said}"


def test_each_exercise_is_tried_with_enough_answers():
    """Two right answers beside ours, and at least four wrong ones."""
    names = {param.values[1] for param in exercises()}

    assert {*RIGHT} == {*WRONG} == names
    assert {len(answers) for answers in RIGHT.values()} == {2}
    assert min(map(len, WRONG.values())) >= 4


@pytest.mark.parametrize("path", PATHS, ids=by_name)
def test_a_notebook_has_at_least_four_exercises(path):
    """And an answer to each, and no answer to none."""
    names = [name for cell in cells(path, "code") if (name := exercise(cell))]
    text = (NOTEBOOKS / "solutions" / path.with_suffix(".py").name).read_text("utf-8")

    assert len(names) >= 4
    assert names == re.findall(r"^# %% (\w+)$", text, re.M)


# As they run


def refresh(folder, *words):
    """Run refresh.py in a folder and return what it printed; out of process, for its sockets."""
    command = [sys.executable, folder / "refresh.py", *words]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def test_a_broken_app_turns_a_notebook_red(tmp_path):
    """The notebooks show the steps' own apps: what breaks there is seen here."""

    def run(case):
        name, (start, file, old, new) = case
        folder = tmp_path / name.replace(" ", "_")
        for part in ("notebooks", "steps", "final", "tests/workbench"):
            ignore = shutil.ignore_patterns("__pycache__", "instance", "my")
            shutil.copytree(ROOT / part, folder / part, ignore=ignore)
        text = (folder / file).read_text("utf-8")
        assert text.count(old) == 1, name
        (folder / file).write_text(text.replace(old, new), "utf-8")
        return name, refresh(folder / "notebooks", start, "--check")

    with ThreadPoolExecutor(2) as pool:
        said = dict(pool.map(run, (WHOLE | BREAKS).items()))

    assert [said.pop(name) for name in WHOLE if " differs" in said[name]] == []
    assert [name for name in BREAKS if " differs" not in said[name]] == []


@pytest.fixture(scope="module")
def tried():
    """What came of each lab with its changes: {path: future}."""
    done = on_all_cores(run_with_changes, [(path,) for path in PATHS])
    return dict(zip(PATHS, done, strict=True))


@pytest.mark.parametrize("path", PATHS, ids=by_name)
def test_every_change_ends_in_a_result(path, tried):
    """Each change that a section suggests runs, and so do its cells as they were, after it."""
    tried[path].result()


def test_refreshing_changes_nothing_that_is_the_same(tmp_path):
    """A measured number is kept, a changed text is not; the second run writes no byte."""
    for name in ("refresh.py", "sanitize.cfg"):
        shutil.copy(NOTEBOOKS / name, tmp_path)
    path = tmp_path / "small.ipynb"
    write_run(path, ("print('\u2248 12.5 ms')", "\u2248 99.9 ms\n"), ("print(1)", "2\n"))

    assert refresh(tmp_path) == "small.ipynb has new outputs\n"
    first = path.read_bytes()
    assert [c.outputs[0].text for c in nbformat.read(path, 4).cells] == ["\u2248 99.9 ms\n", "1\n"]
    assert refresh(tmp_path) == ""
    assert path.read_bytes() == first


def nbval(path, *options, cwd=ROOT):
    """Run nbval strictly on a path and return the finished process."""
    command = [sys.executable, "-m", "pytest", "-p", "nbval", "--nbval", path, *options]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def my_notebook():
    """A place for a notebook in notebooks/, for as long as the test lasts."""
    path = NOTEBOOKS / "guard_of_nbval.ipynb"
    yield path
    path.unlink(missing_ok=True)


def write_run(path, *cells):
    """Write a notebook as if its cells, (source, text on stdout), had been run."""
    made = nbformat.v4.new_notebook()
    for number, (source, text) in enumerate(cells, 1):
        output = nbformat.v4.new_output("stream", name="stdout", text=text)
        made.cells.append(
            nbformat.v4.new_code_cell(source, execution_count=number, outputs=[output])
        )
    nbformat.write(made, path)


def test_a_run_leaves_nothing_behind(my_notebook, tmp_path, monkeypatch):
    """nbval kills its kernels, which cannot clean up; the copies of the apps go all the same."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path))
    write_run(my_notebook, ("from lab import load_step\nload_step('01_setup')\nprint(1)", "1\n"))
    done = nbval(my_notebook, "-W", "error")

    assert done.returncode == 0, done.stdout
    assert [*tmp_path.iterdir()] == []


def test_an_output_that_differs_is_red(my_notebook):
    """Strictly: no cell is forgiven, and a warning is a difference, too."""
    warns = "import warnings\nwarnings.warn('x')\nprint(1)"
    write_run(my_notebook, ("print(1)", "2\n"), (warns, "1\n"), ("print(1)", "1\n"))

    assert "2 failed, 1 passed" in nbval(my_notebook).stdout


# lab.py


@pytest.fixture
def load_step():
    """lab.load_step(), and the end of what it leaves open in a notebook."""
    with lab.copies:
        yield lab.load_step


def test_an_edit_that_does_not_fit_is_a_sentence(load_step):
    """A learner who edits a step sees which text is missing."""
    with pytest.raises(ValueError, match=r"in app\.py once, not 0 times: no such text"):
        load_step("01_setup", ("no such text", ""))
    with pytest.raises(ValueError, match=r"There is no step 06\. The steps are 01_setup, "):
        load_step("06")
    for cost in (3, 32, "12", 0):
        with pytest.raises(ValueError, match=rf"whole number from 4 to 31, and cost is {cost!r}"):
            load_step("05_logout", cost=cost)
    with pytest.raises(LookupError, match="/register has no form with a password: 404"):
        load_step("03_hashing").register()


def test_without_limits_the_finished_app_answers_every_login(load_step):
    """It does as the limits are counted in the app's own memory, and the edit turns them off."""
    site = load_step("final", lab.UNLIMITED, cost=4)
    site.register("ada")

    assert {site.log_in("ada", "x" * 20).status for _ in range(35)} == {"200 OK"}


def fails_with(error):
    """Raise an error, as a function of an earlier cell does."""
    raise error


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (ValueError("Invalid salt"), "a work factor of 04 to 31"),
        (NameError("name 'site' is not defined"), "has its cell been run?"),
        (AttributeError("'NoneType' object has no attribute 'rsplit'"), "is None here"),
        (StopIteration(), "it has no message"),
    ],
    ids=str,
)
def test_an_error_is_shown_with_its_meaning_and_its_lines(error, meaning):
    """First the line of the cell that was run, then the one of an earlier cell."""
    names, said = {"fails_with": fails_with}, []
    shell = SimpleNamespace(_showtraceback=lambda kind, error, lines: said.extend(lines))
    exec(compile("def earlier(error):\n    fails_with(error)", "ipykernel_1", "exec"), names)  # noqa: S102
    try:
        exec(compile("\nearlier(error)", "ipykernel_2", "exec"), names | {"error": error})  # noqa: S102
    except Exception as raised:
        lab.in_one_sentence(shell, type(raised), raised, raised.__traceback__)

    assert meaning in "\n".join(said)
    assert said[-2:] == ["  in line 2 of the cell: ", "  and there in line 2 of an earlier cell: "]


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("/welcome", "localhost"),
        ("//evil.example", "evil.example"),
        ("javascript:alert(1)", "no host: javascript:alert(1)"),
        ("https://", "nowhere: a browser refuses this address"),
    ],
)
def test_an_address_leads_somewhere(address, there):
    """Also one that no browser takes."""
    assert lab.host(address) == there


@pytest.mark.parametrize("choice", [12, (1, 1000), (9, 1, 5), None], ids=str)
def test_a_slider_says_which_numbers_it_takes(choice):
    """Three of them, in order."""
    with pytest.raises(ValueError, match=r"limit=\(lowest, highest, at first\), and got"):
        charts.move(str, limit=choice)


def test_what_is_wrong_with_a_moved_slider_is_shown(monkeypatch):
    """An error that comes later than the cell would be seen nowhere."""
    made, control = [], charts.control
    monkeypatch.setattr(charts, "control", lambda *words: made.append(control(*words)) or made[-1])
    shown = []
    monkeypatch.setattr(charts.ipywidgets, "VBox", lambda boxes: shown.extend(boxes) or BOX)
    charts.move(lambda machines: f"{10 / machines}", machines=(0, 5, 2))
    made[0].value = 0

    assert "ZeroDivisionError: division by zero" in shown[-1].value


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (lambda draft: draft.page("", "Hi"), "A template has a name such as login.html"),
        (lambda draft: draft.page("../x.html", "Hi"), "A template has a name such as login.html"),
        (lambda draft: draft.page("x.html", None), "a text, not 'x.html', None"),
        (lambda draft: draft.visit(5), 'A request is a text such as "GET /login"'),
        (lambda draft: draft.repair(5, "x"), "A repair replaces a text by a text"),
        (lambda draft: draft.repair("bcrypt = Bcrypt(app)", ""), "repairs of all the stops above"),
    ],
)
def test_a_draft_says_what_it_cannot_take(do, said, capsys):
    """And stays as it was, so that the next cells run."""
    draft = drafts.Draft(drafts.FIRST)
    do(draft)

    assert said in capsys.readouterr().out
    assert (draft.text, draft.pages) == (drafts.FIRST, drafts.PAGES)


def test_apps_live_side_by_side_and_leave_their_files_alone(load_step):
    """An edited copy beside the step itself, each with its own users."""
    before = {p: p.read_bytes() for p in (ROOT / "steps/05_logout").rglob("*.*") if p.is_file()}
    plain = load_step("05_logout", cost=4)
    edited = load_step("05_logout", ("Wrong username or password.", "No."), cost=4)
    plain.register("ada")
    edited.register("ada")
    edited.register("eve")

    assert edited.log_in("ada", "x").says("No.")
    assert plain.log_in("ada", "x").says("Wrong username or password.")
    assert (plain.count(plain.User), edited.count(edited.User)) == (1, 2)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("module", [lab, drafts, charts], ids=lambda module: module.__name__)
def test_what_the_notebooks_share_is_small(module):
    """A module that people may want to read has no function without a sentence, and 200 lines."""
    text = Path(module.__file__).read_text("utf-8")

    assert len(lines_of_code(text)) <= 200
    assert all(ast.get_docstring(n) for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))
