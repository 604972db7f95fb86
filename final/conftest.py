"""What final/'s tests start from: the app, loaded from a copy, and visitors with browsers."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from workbench.browser import Browser
from workbench.fixtures import PASSWORD
from workbench.loader import opened

FINAL = Path(__file__).parent
STEP = FINAL.parent / "steps/05_logout"
PRODUCTION = {
    "FLASK_DEBUG": "0",
    "SECRET_KEY": "3d1f8a2b9c7e6054" * 4,
    "BCRYPT_LOG_ROUNDS": "10",
}


class Site:
    """The app under test, its database, its command line and its visitors."""

    def __init__(self, app):
        """Hold the app."""
        self.app = app
        self.db = app.extensions["sqlalchemy"]
        models = {
            mapper.class_.__name__: mapper.class_ for mapper in self.db.Model.registry.mappers
        }
        self.User, self.LoginSession = models["User"], models.get("LoginSession")

    def visitor(self, address="127.0.0.1", agent="Werkzeug"):
        """Return a new browser; over https it names the page it comes from, as browsers do."""
        browser, host = Browser(self.app), self.app.config["SERVER_NAME"] or "localhost"
        browser.client.environ_base.update(
            REMOTE_ADDR=address, HTTP_USER_AGENT=agent, HTTP_REFERER=f"https://{host}/"
        )
        return browser

    def fill_in(self, browser, path, **values):
        """Open a page, fill in its form with the password, and return the page that answers."""
        return browser.submit(browser.get(path).password_form(), **values)

    def register(self, username="ada", password=PASSWORD, browser=None):
        """Fill in the register form and return the page that answers."""
        values = {"username": username, "password": password}
        return self.fill_in(browser or self.visitor(), "/register", **values)

    def log_in(self, username="ada", password=PASSWORD, browser=None, path="/login", **values):
        """Fill in the login form and return the page that answers."""
        browser = browser or self.visitor()
        return self.fill_in(browser, path, username=username, password=password, **values)

    def ada(self, **values):
        """Return a browser in which ada is logged in; registers her if need be."""
        if not self.count(self.User, username="ada"):
            self.register()
        page = self.log_in(**values)
        assert page.says("Hello, ada"), str(page)
        return page.browser

    def count(self, model, **filters):
        """Return how many rows fit."""
        with self.app.app_context():
            rows = self.db.session.scalars(self.db.select(model).filter_by(**filters))
            return len(rows.all())

    def change(self, model, **values):
        """Set values in every row of a table."""
        with self.app.app_context():
            self.db.session.execute(self.db.update(model).values(**values))
            self.db.session.commit()

    def run(self, *words):
        """Run a command of `flask` and return its result."""
        return self.app.test_cli_runner().invoke(args=words)


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
            tried = copy.load()
            if tried.error:
                raise tried.error
            site = Site(tried.value)
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
            site = Site(copy.load().value)
            copy.bcrypt()._log_rounds = 5  # asked for at each hash; 12 would take minutes
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
