"""The workbook on any machine: editors, containers, labs in a browser, and recipes for teachers.

What they type is what a learner types; here it is run, or looked up in what would run it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import grade
import pytest
import yaml
from examiner import ROOT, STEPS, run_pytest
from grading.judging import Paper
from grading.results import Results

RECIPES = (ROOT / "docs/RECIPES.md").read_text("utf-8")
LISTINGS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", RECIPES, re.M | re.S))
FIRST_SHELL = re.search(r"^```sh\n(.*?)^```$", RECIPES, re.M | re.S)[1]
NEEDED = ("workbook.py", "requirements.txt", "conftest.py", "pyproject.toml", "steps", "tests")
CHECKS = 37


def settings(name):
    """Return what a file of settings holds."""
    return json.loads((ROOT / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    """A copy of the workbook with its packages, in which my_app is our step 5."""
    folder = tmp_path_factory.mktemp("any-machine") / "workbook"
    folder.mkdir()
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv", target_is_directory=True)
    shutil.copytree(STEPS[-1], folder / "my_app")
    return folder


def typed(words, folder, **more):
    """Run what a person types, with the Python that would be found; return the process."""
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, timeout=300, check=False, **more
    )


def as_typed(command, folder):
    """Run a command that begins with the name of Python."""
    return typed([sys._base_executable, *command.split()[1:]], folder)


# Editors


def test_an_editor_finds_the_checks_for_my_app():
    """Its list of tests is the five steps, and what it runs checks my_app."""
    words = settings(".vscode/settings.json")["python.testing.pytestArgs"]
    done = run_pytest(*words, "--collect-only", "-q")

    assert settings(".vscode/settings.json")["python.testing.pytestEnabled"] is True
    assert words[-1] == "--app=my_app"
    assert f"{CHECKS} tests collected" in done.stdout


def test_an_editor_debugs_my_app():
    """Flask knows each option with which the app is started, and leaves errors to the editor."""
    (launch,) = settings(".vscode/launch.json")["configurations"]
    app = str(STEPS[-1] / "app.py")
    words = [app if word == "my_app/app.py" else word for word in launch["args"]]
    done = subprocess.run(
        [sys.executable, "-m", launch["module"], *words, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert launch["args"][:2] == ["--app", "my_app/app.py"]
    assert {"--debug", "--no-debugger", "--no-reload"} <= set(launch["args"])


def test_an_editor_and_a_container_offer_the_same_extensions():
    """What is recommended is what the container installs."""
    inside = settings(".devcontainer/devcontainer.json")["customizations"]["vscode"]

    assert inside["extensions"] == settings(".vscode/extensions.json")["recommendations"]
    assert all(re.fullmatch(r"[\w-]+\.[\w-]+", name) for name in inside["extensions"])


def test_a_bare_pytest_is_the_learners_loop():
    """It runs the checkpoints of the steps, and none of our guards."""
    done = run_pytest("--collect-only", "-q")

    assert f"{CHECKS} tests collected" in done.stdout


# Containers, and labs in a browser


def test_the_container_is_made_of_what_is_here():
    """Its Python is one that we test, and its commands are the workbook's."""
    container = settings(".devcontainer/devcontainer.json")
    file = (ROOT / ".devcontainer" / container["build"]["dockerfile"]).read_text("utf-8")
    python = re.search(r"^FROM python:3\.(\d+)$", file, re.M)[1]
    ran = re.search(r"^RUN python workbook.py (.+)$", file, re.M)[1]

    assert 11 <= int(python) <= 14
    assert "bubblewrap" in file
    assert (
        container["postCreateCommand"] == f"python workbook.py {ran}" == "python workbook.py test 1"
    )
    assert (ROOT / ".devcontainer" / container["build"]["context"]).resolve() == ROOT
    assert {".git", ".venv", "my_app"} <= {*(ROOT / ".dockerignore").read_text("utf-8").split()}


def test_the_labs_have_their_packages():
    """A lab in a browser gets the packages of the apps and of the notebooks."""
    words = ["-m", "pip", "install", "--dry-run", "--no-index", "--disable-pip-version-check"]
    done = subprocess.run(
        [sys.executable, *words, "-r", ROOT / "binder/requirements.txt"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stdout
    assert re.fullmatch(r"python-3\.1[1-4]\n", (ROOT / "binder/runtime.txt").read_text("utf-8"))


# Recipes


def test_workflows_are_as_github_reads_them(tmp_path):
    """Ours, and the recipe's: the schema refuses a key that GitHub does not know."""
    recipe, misspelt = tmp_path / "recipe.yml", tmp_path / "misspelt.yml"
    recipe.write_text(LISTINGS["yaml"], "utf-8")
    misspelt.write_text(LISTINGS["yaml"].replace("runs-on:", "run-on:"), "utf-8")

    assert follows_schema(recipe, *(ROOT / ".github/workflows").glob("*.yml")) == ""
    assert "'runs-on' is a required property" in follows_schema(misspelt)


def follows_schema(*files):
    """Return what the schema of workflows finds wrong with these files."""
    words = ["-m", "check_jsonschema", "--builtin-schema=vendor.github-workflows"]
    done = typed([sys.executable, *words, "--output-format=json", *map(str, files)], ROOT)
    return "" if done.returncode == 0 else done.stdout


def test_the_workflow_checks_my_app(workbook):
    """The recipe for GitHub Actions is a workflow; its command runs, and is green for step 5."""
    (job,) = yaml.safe_load(LISTINGS["yaml"])["jobs"].values()
    (command,) = [step["run"] for step in job["steps"] if "run" in step]
    ours = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    known = [step.get("uses") for step in ours["jobs"]["test"]["steps"]]
    done = as_typed(command, workbook)

    assert [step["uses"] for step in job["steps"] if "uses" in step] == known[:2]
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{CHECKS} of {CHECKS}" in done.stdout


def test_a_list_of_tests_for_a_classroom(workbook):
    """The recipe for Classroom 50 runs each step once, for as many points as it has checks."""
    tests = json.loads(LISTINGS["json"])
    done = [as_typed(test["run"], workbook) for test in tests]

    assert [one.returncode for one in done] == [0] * len(STEPS)
    for test, one in zip(tests, done, strict=True):
        assert f"{test['points']}/{test['points']}" in one.stdout
        assert test["type"] == "run"
        assert 1 <= test["timeout"] <= 600


@pytest.mark.skipif(sys.platform == "win32", reason="this recipe is for a shell of Unix")
def test_a_folder_of_repositories(workbook):
    """The recipe for a shell fetches what is new in each repository, and grades it."""
    origin, class_ = workbook / "origin", workbook / "autumn"
    shutil.copytree(STEPS[0], origin / "my_app")
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-C", str(origin)]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "Step 1"]):
        subprocess.run([*git, *words], check=True)
    class_.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(origin), str(class_ / "ada")], check=True)
    shutil.copytree(STEPS[1], origin / "my_app", dirs_exist_ok=True)
    subprocess.run([*git, "commit", "--quiet", "-a", "-m", "Step 2"], check=True)
    (workbook / "names").mkdir()
    (workbook / "names" / "python3").symlink_to(sys._base_executable)
    path = os.pathsep.join([str(workbook / "names"), os.environ["PATH"]])
    done = typed(["sh", "-c", FIRST_SHELL], workbook, env=os.environ | {"PATH": path})
    table = (workbook / "autumn-graded" / "grades.csv").read_text("utf-8-sig").splitlines()

    assert done.returncode == 0, done.stderr
    assert table[1].startswith("ada,7,7,0,0,0,14,graded")


def test_the_commands_for_a_container():
    """The recipe for a container is what grade prints, with the paths of the folder."""
    here = grade.in_a_container(Path("/somewhere/autumn"))
    recipe = [line for line in RECIPES.splitlines() if line.startswith("docker ")]

    assert [line.strip().replace("/somewhere", "$PWD") for line in here] == recipe


def test_the_columns_that_the_recipes_name():
    """PowerShell asks for columns that the table has."""
    asked = re.search(r"Where-Object (\w+) .*Format-Table (.*)$", LISTINGS["powershell"], re.M)
    columns = Results(ROOT / "nowhere").ask(Paper([])).heading()

    assert {asked[1], *asked[2].split(", ")} <= {*columns}
