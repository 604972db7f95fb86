"""Check an app at each save: python tests/watch.py my_app, with the Python of .venv."""

import sys
from pathlib import Path

from workbench.screen import main

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
