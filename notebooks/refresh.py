"""Run the notebooks and store their outputs, or say where these differ.

    python notebooks/refresh.py                 write the outputs of today
    python notebooks/refresh.py --check         write nothing; name the first cell that differs
    python notebooks/refresh.py 02 --check      only lab 2

Outputs that nbval would not tell apart stay as they are, so a second run changes no byte.
"""

import argparse
import copy
import json
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbval.plugin import get_sanitize_patterns

HERE = Path(__file__).resolve().parent
WIDGET = "application/vnd.jupyter.widget-view+json"
PATTERNS = get_sanitize_patterns((HERE / "sanitize.cfg").read_text("ascii"))


def client_of(notebook):
    """Return what runs a notebook from this folder, as JupyterLab does."""
    place = {"metadata": {"path": str(HERE)}}
    return NotebookClient(
        notebook, timeout=120, record_timing=False, coalesce_streams=True, resources=place
    )


def without_widgets(cell):
    """Take what needs a running kernel out of the outputs of a cell."""
    for output in cell.get("outputs", []):
        output.get("data", {}).pop(WIDGET, None)


def masked(cell):
    """Return the outputs of a cell as a text without what differs from run to run."""
    text = json.dumps(cell.outputs, ensure_ascii=False, sort_keys=True).replace('\\"', '"')
    for pattern, replacement in PATTERNS:
        text = re.sub(pattern, replacement, text)
    return text


def refreshed(notebook):
    """Return a notebook with the outputs of today where they differ from the stored ones."""
    ran = copy.deepcopy(notebook)
    client_of(ran).execute()
    ran.metadata = notebook.metadata
    for cell in ran.cells:
        without_widgets(cell)
    for before, after in zip(notebook.cells, ran.cells, strict=True):
        if before.cell_type == "code" and masked(before) == masked(after):
            after.outputs = before.outputs
    return ran


def first_difference(notebook):
    """Return the id of the first cell that fails or prints something else, or None."""
    ran = copy.deepcopy(notebook)
    client = client_of(ran)
    with client.setup_kernel():
        for number, (before, cell) in enumerate(zip(notebook.cells, ran.cells, strict=True)):
            if cell.cell_type != "code":
                continue
            try:
                client.execute_cell(cell, number)
            except CellExecutionError:
                return cell.id
            without_widgets(cell)
            if masked(before) != masked(cell):
                return cell.id
    return None


def main():
    """Refresh or check the notebooks; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("start", nargs="?", default="", help="how the file's name begins")
    parser.add_argument("--check", action="store_true", help="write nothing")
    asked = parser.parse_args()
    red = 0
    for path in sorted(HERE.glob(f"{asked.start}*.ipynb")):
        before = path.read_text("utf-8")
        notebook = nbformat.reads(before, 4)
        if asked.check:
            differs = first_difference(notebook)
            print(f"{path.name}: {f'the cell {differs} differs' if differs else 'as stored'}")
            red |= bool(differs)
        elif before != (after := nbformat.writes(refreshed(notebook)) + "\n"):
            path.write_text(after, "utf-8", newline="\n")
            print(f"{path.name} has new outputs")
    return red


if __name__ == "__main__":
    sys.exit(main())
