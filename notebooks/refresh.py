"""Run all notebooks and store their outputs: python notebooks/refresh.py

Outputs that nbval would not tell apart stay as they are, so a second run changes no byte.
"""

import copy
import json
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbval.plugin import get_sanitize_patterns

HERE = Path(__file__).resolve().parent
NOTEBOOKS = sorted(HERE.glob("*.ipynb"))
PATTERNS = get_sanitize_patterns((HERE / "sanitize.cfg").read_text("ascii"))


def run(notebook):
    """Run a notebook from top to bottom and return it with its outputs."""
    ran = copy.deepcopy(notebook)
    place = {"metadata": {"path": str(HERE)}}
    client = NotebookClient(
        ran, timeout=120, record_timing=False, coalesce_streams=True, resources=place
    )
    client.execute()
    ran.metadata = notebook.metadata
    return ran


def masked(outputs):
    """Return outputs as a text without what differs from run to run."""
    text = json.dumps(outputs, ensure_ascii=False, sort_keys=True).replace('\\"', '"')
    for pattern, replacement in PATTERNS:
        text = re.sub(pattern, replacement, text)
    return text


def refreshed(notebook):
    """Return a notebook with the outputs of today, where they differ from the stored ones."""
    ran = run(notebook)
    for before, after in zip(notebook.cells, ran.cells, strict=True):
        if before.cell_type == "code" and masked(before.outputs) == masked(after.outputs):
            after.outputs = before.outputs
    return ran


def main():
    """Write those notebooks whose outputs have changed."""
    for path in NOTEBOOKS:
        before = path.read_text("utf-8")
        after = nbformat.writes(refreshed(nbformat.reads(before, 4))) + "\n"
        if before != after:
            path.write_text(after, "utf-8", newline="\n")
            print(f"{path.name} is new")


if __name__ == "__main__":
    main()
