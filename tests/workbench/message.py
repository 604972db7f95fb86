"""The message of a check, which replaces the traceback; in colors if the terminal has them."""

import re

from _pytest._code.code import ReprFileLocation, TerminalRepr

COLORS = {  # of the rows of a message
    "want": {"green": True},
    "got": {"red": True},
    "hint": {"cyan": True},
}
THE_LINE = re.compile(r"^(  where  .*?, line \d+: )(.*)$")
ECHOED = re.compile(
    r"^(\d{4}-\d\d-\d\d )?[\d:,. ]*(DEBUG|INFO|WARNING|ERROR)\b.*(sqlalchemy|werkzeug)"
)
MOST = 10  # lines of what an app has printed


class Message(TerminalRepr):
    """A message about one test; its first line is what JUnit and -rf show."""

    def __init__(self, text, item, hint="", printed=()):
        """Hold the text, a hint that it may not show yet, and what the app has printed."""
        self.text, self.hint, self.printed = text, hint or "", list(printed)
        path, number, _ = item.location
        self.reprcrash = ReprFileLocation(path, (number or 0) + 1, self.sentence)

    @property
    def sentence(self):
        """What a person cannot do yet."""
        return self.text.partition("\n")[0]

    def toterminal(self, tw):
        """Write all but the first line, which is the heading above them."""
        label = ""
        for line in self.text.splitlines()[1:]:
            label = line[:8].strip() or label
            if shown := THE_LINE.match(line):
                tw.write(shown[1])
                tw.line(shown[2], bold=True)
            else:
                tw.line(line, **COLORS.get(label, {}))
        for line in self.printed_rows():
            tw.line(line)
        tw.line("")

    def printed_rows(self):
        """Return what the app has printed, with a heading, if it has printed anything."""
        rows = [f"    {line}" for line in self.printed[-MOST:]]
        return ["  your app printed", *rows] if rows else []

    def __str__(self):
        """Return the text, without what the app has printed."""
        return self.text


def printed_in(sections):
    """Return the lines that an app has printed during a test, without what libraries log."""
    texts = [text for name, text in sections if name.startswith("Captured stdout")]
    lines = [line.rstrip() for text in texts for line in text.splitlines()]
    kept = [line for line in lines if line and not ECHOED.match(line)]
    return [line[:200] for line in dict.fromkeys(kept)][-MOST:]
