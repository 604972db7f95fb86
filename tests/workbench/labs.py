"""The learner's own copies of the labs, and how JupyterLab opens one. Needs no packages."""

import difflib
import json
import os
import re

from workbench.own_data import name_aside

OPTIONS = ("--fresh", "--no-browser")
FOLDED = ("<details>\n", "<summary>What happened, and why?</summary>\n", "\n")
ELSEWHERE = re.compile(r"\]\((\.\./[^)#]+)#?([^)]*)\)")  # a link that leaves the folder


def labs(root):
    """Return {number: path} of the labs as they were published."""
    paths = sorted(root.glob("notebooks/0*.ipynb"))
    return {path.name.partition("_")[0].lstrip("0"): path for path in paths}


def asked(words, root):
    """Return the path of the lab that the words name, and the options among them."""
    known = labs(root)
    names = [word for word in words if not word.startswith("-")] or ["1"]
    options = [word for word in words if word.startswith("-")]
    for option in options:
        if option not in OPTIONS:
            close = difflib.get_close_matches(option, OPTIONS, 1) or OPTIONS
            raise ValueError(f"There is no option {option}. Did you mean {' or '.join(close)}?")
    if len(names) > 1:
        raise ValueError("lab takes one number.")
    path = known.get(names[0].lstrip("0")) or next(
        (path for path in known.values() if names[0] in (path.name, path.stem)), None
    )
    if not path:
        raise ValueError(f"There is no lab {names[0]}. The labs are {', '.join(known)}.")
    return path, options


def own_copy(lab, fresh=False):
    """Return the learner's copy of a lab; an existing one is kept, or moved aside if `fresh`.

    The other labs are copied, too, so that links from one to the next lead to copies.
    """
    folder = lab.parent / "my"
    folder.mkdir(exist_ok=True)
    mine = folder / lab.name
    if fresh and mine.exists():
        aside = name_aside(mine)
        mine.rename(aside)
        print(f"Your earlier copy is now notebooks/my/{aside.name}.")
    for path in labs(lab.parents[1]).values():
        if not (folder / path.name).exists():
            text = json.dumps(unanswered(path), indent=1)
            (folder / path.name).write_text(text + "\n", "utf-8")
    return mine


def unanswered(lab):
    """Return a lab without outputs, its answers folded, its links for one folder further down.

    Jupyter shows the first line of code that is folded.
    """
    notebook = json.loads(lab.read_text("utf-8"))

    def moved(link):
        file, heading = link.groups()
        return f"](../{file}{'#' if heading else ''}{jupyters(lab.parent / file, heading)})"

    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
        else:
            cell["source"] = [ELSEWHERE.sub(moved, line) for line in cell["source"]]
        tags = cell["metadata"].get("tags", [])
        if "folded" in tags:
            cell["metadata"]["jupyter"] = {"source_hidden": True}
        if "answer" in tags:
            cell["source"] = [*FOLDED, *cell["source"], "\n\n</details>"]
    return notebook


def jupyters(file, anchor):
    """Return the anchor of a heading as Jupyter makes it, given that of GitHub."""
    text = file.read_text("utf-8") if anchor and file.is_file() else ""
    made = {heading.replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.M)}
    return next((one for one in made if re.sub(r"[^\w-]", "", one.lower()) == anchor), anchor)


def jupyter(copy, options, root):
    """Return what follows `python -m` to open a copy, with the workbook as the server's folder."""
    page = f"/lab/tree/{copy.relative_to(root).as_posix()}"  # which --no-browser prints, too
    words = ["jupyter", "lab", "--ServerApp.root_dir=.", f"--LabApp.default_url={page}"]
    words += ["--LabApp.app_settings_dir=notebooks/settings"]  # no news, and lessons as pages
    words += ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    return words + [option for option in options if option != "--fresh"]
