"""Run a lab with the changes that its sections suggest."""

import re
from functools import cache

import nbformat
from examiner import ROOT
from nbclient import NotebookClient

NOTEBOOKS = ROOT / "notebooks"
CHANGE = re.compile(r"^- .*[:?,] `([^`]+)` \u2192 `([^`]+)`$", re.M)  # what, old text, new text


@cache
def notebook(path):
    """Return a notebook as it is stored."""
    return nbformat.read(path, 4)


def sections(path):
    """Return the lists of cells below the headings of a lab, without its exercises."""
    parts = []
    for cell in notebook(path).cells:
        if cell.source.startswith("# Exercises"):
            return parts
        if cell.source.startswith("## "):
            parts.append([])
        if parts:
            parts[-1].append(cell)
    return parts


def changed(part, old, new):
    """Return a section's code from a cell with the old text on: changed, and as it was."""
    code = [cell.source for cell in part if cell.cell_type == "code"]
    assert sum(source.count(old) for source in code) == 1, old
    first = next(number for number, source in enumerate(code) if old in source)
    return [code[first].replace(old, new), *code[first + 1 :]], code[first:]


def run_with_changes(path):
    """Run each section of a lab as it is, with each of its changes, and as it was after them."""
    front = notebook(path).cells[: notebook(path).cells.index(sections(path)[0][0])]
    sources = [cell.source for cell in front if cell.cell_type == "code"]
    sources += ["import lab\nlab.best_of.__defaults__ = (1,)"]  # no number is looked at
    for part in sections(path):
        sources += [cell.source for cell in part if cell.cell_type == "code"]
        prose = "\n".join(cell.source for cell in part if cell.cell_type == "markdown")
        runs = [changed(part, old, new) for old, new in CHANGE.findall(prose)]
        sources += [source for run, _ in runs for source in run]
        sources += max((before for _, before in runs), key=len)
    tried = nbformat.v4.new_notebook()
    tried.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    place = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(tried, timeout=120, resources=place).execute()
