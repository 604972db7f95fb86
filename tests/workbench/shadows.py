"""Print which of the given names Flask and its extensions import once an app is loaded.

Run as a script, in a process that has not imported them yet: python shadows.py NAME...
"""

import importlib
import sys

BEFORE = "flask.cli"  # `flask run` imports it before it puts the app's folder on sys.path
AFTER = ("flask_login", "flask_sqlalchemy", "flask_bcrypt", "werkzeug.debug", "sqlite3")


class Spy:
    """A finder that finds nothing, and notes which of its names it is asked for."""

    def __init__(self, names):
        """Watch for these modules."""
        self.names = names
        self.found = []

    def find_spec(self, name, path=None, target=None):
        """Note the name if it is one of those watched for."""
        if name in self.names:
            self.found.append(name)


if __name__ == "__main__":
    importlib.import_module(BEFORE)
    spy = Spy(sys.argv[1:])
    sys.meta_path.insert(0, spy)
    for module in AFTER:
        importlib.import_module(module)
    print("\n".join(dict.fromkeys(spy.found)))
