"""The screen of watch: the ladder on top and the keys below. Without a terminal, plain text."""

import asyncio
import os
import re
import signal
import sys
import textwrap
from contextlib import suppress

from prompt_toolkit.application import Application, get_app
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import HSplit, Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from workbench.watch import KEYS, Watch, stop

STYLE = Style.from_dict(
    {
        "title": "bold",
        "want": "ansigreen",
        "got": "ansired",
        "where": "bold",
        "hint": "ansicyan",
        "good": "ansigreen",
        "bad": "ansired bold",
        "dim": "ansibrightblack",
        "bar": "reverse",
    }
)
PAGE = 10  # lines
ENDING = ("SIGTERM", "SIGHUP")  # the latter when a terminal is closed


def application(watch):
    """Return the full-screen application that shows a Watch."""
    keys = KeyBindings()
    for key in "hadolnp":
        keys.add(key)(lambda event, key=key: act(event, watch.press(key)))
    for key, lines in (("up", -1), ("down", 1), ("pageup", -PAGE), ("pagedown", PAGE)):
        keys.add(key)(lambda event, lines=lines: watch.scroll(lines))
    keys.add("escape")(lambda event: act(event, watch.press("first")))
    for key in ("q", "c-c"):
        keys.add(key)(lambda event: event.app.exit())
    layout = HSplit(
        [
            Window(text(watch.head), height=3),
            Window(text(lambda: watch.rows()[watch.scrolled :]), wrap_lines=True),
            Window(text(lambda: [("bar", f" {KEYS} ")]), height=1),
        ]
    )
    depth = ColorDepth.DEPTH_1_BIT if "NO_COLOR" in os.environ else None
    return Application(
        Layout(layout), key_bindings=keys, style=STYLE, full_screen=True, color_depth=depth
    )


def act(event, doing):
    """Start something that takes a while, and don't wait for it."""
    event.app.create_background_task(doing)


def text(rows):
    """Return a control that shows what a function returns as (style, line) pairs."""

    def fragments():
        width = get_app().output.get_size().columns
        pairs = [(style, one) for style, line in rows() for one in folded(line, width)]
        return [(f"class:{style}" if style else "", line + "\n") for style, line in pairs]

    return FormattedTextControl(fragments)


def folded(line, width):
    """Return a line in as many as the screen needs, the later ones below the words of the first."""
    label = re.match(r"  \w+ +|\s*", line)[0]
    return textwrap.wrap(line, width, subsequent_indent=" " * len(label)) or [line]


async def on_screen(watch):
    """Show a Watch until the learner quits."""
    app = application(watch)
    watch.redraw = app.invalidate
    checking = asyncio.create_task(watch.keep_checking())
    until_the_end(lambda: app.is_running and app.exit())
    try:
        await app.run_async(handle_sigint=False)
    finally:
        await stop(checking)


async def in_blocks(watch):
    """Without a terminal: print one block for each verdict, until the process is ended."""
    shown = None

    def show():
        nonlocal shown
        if watch.state != shown and watch.state != "checking":
            shown = watch.state
            print("\n".join(line for _, line in [*watch.head(), *watch.rows()]), "\n", flush=True)

    watch.redraw = show
    checking = asyncio.create_task(watch.keep_checking())
    until_the_end(checking.cancel)
    with suppress(asyncio.CancelledError):
        await checking


def until_the_end(stop):
    """Call a function when the process is told to end."""
    loop = asyncio.get_running_loop()
    for name in ENDING:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: loop.call_soon_threadsafe(stop))


def main(path):
    """Watch the app at this path; return an exit code."""
    watch = Watch(path)
    has_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with suppress(KeyboardInterrupt):
        asyncio.run(on_screen(watch) if has_terminal else in_blocks(watch))
    return 0
