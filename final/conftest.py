"""What final/'s tests start from: the app, loaded from a copy, and visitors with browsers."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from workbench.loader import opened
from workbench.site import Site

FINAL = Path(__file__).parent
STEP = FINAL.parent / "steps/05_logout"
PRODUCTION = {
    "FLASK_DEBUG": "0",
    "SECRET_KEY": "3d1f8a2b9c7e6054" * 4,
    "BCRYPT_LOG_ROUNDS": "10",
}


@pytest.fixture
def load():
    """Return a function that loads the app with edits and settings; raises what stops the start."""
    with ExitStack() as stack:

        def load(edits=(), production=False, tables=True, **settings):
            copy = stack.enter_context(opened(FINAL))
            for edit in edits:
                copy.edit(*edit)
            os.environ.update({"BCRYPT_LOG_ROUNDS": "4", "SERVER_NAME": "localhost"})
            os.environ.update(PRODUCTION if production else {})
            os.environ.update(settings)
            site = Site(copy)
            if tables:
                site.run("init-db")
            return site

        yield load


@pytest.fixture
def load_step():
    """Return a function that loads step 05 with edits: (file, old text, new text)."""
    with ExitStack() as stack:

        def load(*edits):
            copy = stack.enter_context(opened(STEP))
            for edit in edits:
                copy.edit(*edit)
            site = Site(copy)
            site.bcrypt._log_rounds = 5  # asked for at each hash; 12 would take minutes
            return site

        yield load


@pytest.fixture
def site(load):
    """The app in development mode."""
    return load()


@pytest.fixture
def production(load):
    """The app in production mode."""
    return load(production=True)
