"""What runs elsewhere is what the README says: the workflow and the script agree with it."""

import yaml
from examiner import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
SCRIPT = (ROOT / ".ci/run").read_text("utf-8")


def commands(job):
    """Return what a job of the workflow runs."""
    return [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]


def test_the_workflow_runs_the_readmes_commands():
    """The README's test command runs on three systems, with the oldest and the newest Python."""
    matrix = WORKFLOW["jobs"]["test"]["strategy"]["matrix"]

    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert matrix["python"] == ["3.11", "3.14"]
    assert "python workbook.py test" in commands("test")
    assert "python workbook.py test all -rs" in commands("test")


def test_the_workflow_runs_the_script_and_comes_back_every_week():
    """The strict checks run, too; and once a week everything runs on the latest releases."""
    assert "bash .ci/run" in commands("strict")
    assert WORKFLOW[True]["schedule"]  # YAML 1.1 reads the key `on` as true
    assert any("--upgrade" in command for command in commands("test"))


def test_the_script_takes_its_command_from_the_readme():
    """.ci/run reads the README's command out of the README."""
    assert "grep -o -m 1 'python3 workbook.py test' README.md" in SCRIPT
    assert "`python3 workbook.py test`" in (ROOT / "README.md").read_text("utf-8")
