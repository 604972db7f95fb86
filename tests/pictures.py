"""Update the pictures of the READMEs, in docs/: python tests/pictures.py

Chromium shows the pages. Terminals and drawings are SVG, made without a browser.
"""

import contextlib
import io
import logging
import re
import shutil
import sys
import tempfile
import threading
from pathlib import Path

from examiner import ROOT, STEPS, run_pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from mistakes import MISTAKES
from readmes import FINAL, Workshop, readme
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text
from werkzeug.serving import make_server
from workbench.loader import opened
from workbench.people import ADA, PASSWORD
from workbench.site import Site

DOCS = ROOT / "docs"
SCHEMES = {  # GitHub shows the picture that fits the colors of its page
    "light": {"paper": "#f6f8fa", "line": "#d1d9e0", "ink": "#1f2328", "soft": "#59636e"}
    | {"red": "#cf222e", "green": "#116329", "yellow": "#7d4e00", "blue": "#0550ae"},
    "dark": {"paper": "#151b23", "line": "#3d444d", "ink": "#f0f6fc", "soft": "#9198a1"}
    | {"red": "#ff7b72", "green": "#56d364", "yellow": "#e3b341", "blue": "#79c0ff"},
}
DRAWINGS = Path(__file__).with_name("drawings")
JINJA = Environment(
    loader=FileSystemLoader(DRAWINGS),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
ANSI = ("ink", "red", "green", "yellow", "blue", "blue", "blue", "ink")  # the terminal's own order
COLUMNS = 72
STYLE = """
    body { font-family: Arial, sans-serif } /* the system's own font differs on each machine */
    html { outline: 1px solid #8888; outline-offset: -1px }
    body { background-image: none !important } /* a gradient makes a file twice as large */
"""


# Terminals and drawings


def drawings():
    """Return {file name: text} of the pictures that are SVG."""
    output, values = red(), model() | {"hashed": re.search(r"\$2b\$\S{56}", readme(STEPS[2]))[0]}
    made = {}
    for scheme, colors in SCHEMES.items():
        made[f"red-{scheme}.svg"] = terminal(output, colors)
        for name in ("model", "hash"):
            drawing = JINJA.get_template(f"{name}.svg")
            made[f"{name}-{scheme}.svg"] = drawing.render(values, **colors) + "\n"
    return made


def red():
    """Return what a learner sees who hashes the password again in order to check it."""
    words = ["steps/03_hashing", "--app=my_app", "--hints"]
    made = STEPS[2], MISTAKES["hashes-compared"].edits
    with tempfile.TemporaryDirectory() as scratch, Workshop(scratch).with_my_app(*made) as place:
        output = run_pytest(*words, "--color=yes", cwd=place, columns=COLUMNS).stdout
    return (
        "$ \033[1mpython3 workbook.py test 3 my_app --hints\033[0m\n"
        f"+ .venv/bin/python -m pytest {' '.join(words)}\n" + re.sub(r" in [\d.]+s", "", output)
    )


def terminal(output, colors):
    """Return the picture of a terminal that shows this output."""
    rgb = {name: tuple(bytes.fromhex(color[1:])) for name, color in colors.items()}
    console = Console(
        record=True,
        file=io.StringIO(),
        width=COLUMNS,
        color_system="standard",
        _environ={},  # whatever TERM and NO_COLOR say
    )
    console.print(Text.from_ansi(output.strip()))
    return console.export_svg(
        title="",
        theme=TerminalTheme(rgb["paper"], rgb["ink"], [rgb[name] for name in ANSI]),
        code_format=(DRAWINGS / "terminal.svg").read_text("utf-8"),
        font_aspect_ratio=0.6,
        unique_id="t",
    )


def model():
    """Return the columns of step 2's model, and the rows that its README shows."""
    with opened(STEPS[1]) as copy:
        columns = Site(copy).User.__table__.columns.keys()
    rows = re.findall(r"^\| (\d) \| (\w+) \| `(.+)` \|$", readme(STEPS[1]), re.M)
    return {"columns": columns, "rows": rows}


# Pages

PAGES = {  # file name: the app, the password that ada chooses, width of the window, dots per pixel
    "refused": (FINAL, "password12345678", 640, 1),
    "login": (STEPS[3], PASSWORD, 480, 2),
}


def take_pages():
    """Let ada register in Chromium, and keep a picture of the page that answers her."""
    from playwright.sync_api import sync_playwright

    logging.getLogger("werkzeug").setLevel("ERROR")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for name, (app, password, width, scale) in PAGES.items():
            for scheme in SCHEMES:
                with served(app) as address:
                    page = chromium.new_page(
                        base_url=address,
                        bypass_csp=True,  # or our own style is refused
                        color_scheme=scheme,
                        device_scale_factor=scale,
                        viewport={"width": width, "height": 300},
                    )
                    register(page, password)
                    page.add_style_tag(content=STYLE)
                    page.screenshot(path=DOCS / f"{name}-{scheme}.png", full_page=True)


def register(page, password):
    """Fill in the register form for ada, and send it."""
    page.goto("/register")
    page.fill("[name=username]", ADA)
    for field in page.locator("[type=password]").all():
        field.fill(password)
    with page.expect_navigation():
        page.locator("button", has_text="Register").click()


@contextlib.contextmanager
def served(app):
    """Serve a copy of an app on a free port, and yield its address."""
    with opened(app) as copy:
        server = make_server("127.0.0.1", 0, Site(copy).app, threaded=True)
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            server.shutdown()


if __name__ == "__main__":
    for name, text in drawings().items():
        (DOCS / name).write_text(text, "utf-8", newline="\n")
    if not shutil.which("chromium"):
        sys.exit("The pages need Chromium. On Debian: apt install chromium")
    take_pages()
