"""An app with a login as its visitors and its operator use it, for tests and notebooks."""

from workbench.browser import Browser
from workbench.people import PASSWORD


class Site:
    """A loaded app with its database, its command line and its visitors."""

    def __init__(self, copy):
        """Load the app from its copy; raises what stops it."""
        tried = copy.load()
        if tried.error:
            raise tried.error
        self.app, self.bcrypt = tried.value, copy.bcrypt()
        self.db = self.app.extensions["sqlalchemy"]
        models = {
            mapper.class_.__name__: mapper.class_ for mapper in self.db.Model.registry.mappers
        }
        self.User, self.LoginSession = models.get("User"), models.get("LoginSession")

    def visitor(self, address="127.0.0.1", agent="Workbench/1.0"):
        """Return a new browser; over https it names the page it comes from, as browsers do."""
        browser, host = Browser(self.app), self.app.config["SERVER_NAME"] or "localhost"
        browser.client.environ_base.update(
            REMOTE_ADDR=address, HTTP_USER_AGENT=agent, HTTP_REFERER=f"https://{host}/"
        )
        return browser

    def fill_in(self, browser, path, **values):
        """Open a page, fill in its form with the password, and return the page that answers."""
        page = browser.get(path)
        form = page.password_form()
        if not form:
            raise LookupError(f"{path} has no form with a password: {page}")
        return browser.submit(form, **values)

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
