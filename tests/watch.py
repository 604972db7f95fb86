"""Check an app at each save: python tests/watch.py my_app, with the Python of .venv."""

import sys
from pathlib import Path

from workbench.screen import main

if __name__ == "__main__":
    path = Path(sys.argv[1]).resolve()
    if path.is_file() and path.suffix != ".py":
        sys.exit("watch takes a folder, or the .py file of an app.")
    sys.exit(main(path))
