"""The users of the app under test, with names and passwords that a person would try."""

from dataclasses import dataclass

ADA, GRACE, MARY, LUCY, STRANGER = "ada", "grace", "mary", "lucy", "edith"
PASSWORD = "the analytical engine weaves patterns"
ANOTHER_PASSWORD = "a loom that weaves flowers and leaves"
NAMES = ("{}", "{}lovelace", "{}@example.org", "{}1843")
PASSWORDS = (  # of ada, and of grace
    (PASSWORD, ANOTHER_PASSWORD),
    ("Analytical-Engine-1843", "Weaving-Loom-1804"),
    ("Engine-1843!", "Weaving-1804!"),
)


@dataclass
class People:
    """The users of a run, with names and passwords that the site accepts."""

    pattern: str = NAMES[0]
    password: str = PASSWORD  # ada's
    other: str = ANOTHER_PASSWORD  # grace's
    chosen: bool = False

    def named(self, first):
        """Return the name under which a person with this first name registers on this site."""
        return self.pattern.format(first)

    @property
    def ada(self):
        """The name of ada, who registers first."""
        return self.named(ADA)

    @property
    def too_long(self):
        """A password of more than 72 bytes, and of fewer characters than that."""
        return self.password + " é" * 20

    def choices(self, form):
        """Yield again and again after taking on other names and passwords that the form takes."""
        for pattern in NAMES:
            for self.password, self.other in PASSWORDS:
                self.pattern = pattern
                if form.takes(username=self.ada, password=self.password):
                    yield self
        self.pattern, (self.password, self.other) = NAMES[0], PASSWORDS[0]
