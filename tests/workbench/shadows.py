"""Print which modules that Flask and its extensions import would come from a given folder.

Run as a script, in a process that has not imported them yet: python shadows.py FOLDER
"""

import importlib
import importlib.machinery
import sys

BEFORE = "flask.cli"  # `flask run` imports it before it puts the app's folder on sys.path
AFTER = ("flask_login", "flask_sqlalchemy", "flask_bcrypt", "werkzeug.debug", "sqlite3")


class Spy:
    """A finder that finds nothing, and notes what it is asked for if the folder has it."""

    def __init__(self, folder):
        """Watch for modules of this folder."""
        self.folder = folder
        self.found = []

    def find_spec(self, name, path=None, target=None):
        """Note the name if the folder holds a module of that name."""
        inside = path is None and importlib.machinery.PathFinder.find_spec(name, [self.folder])
        if inside and inside.origin:
            self.found.append(name)


if __name__ == "__main__":
    importlib.import_module(BEFORE)
    spy = Spy(sys.argv[1])
    sys.meta_path.insert(0, spy)
    for module in AFTER:
        importlib.import_module(module)
    print("\n".join(dict.fromkeys(spy.found)))
