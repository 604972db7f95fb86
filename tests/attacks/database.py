"""What the database of the app under attack holds of its users."""

import sqlalchemy

from attacks.hashers import older
from attacks.verdicts import require


class Database:
    """A look into the app's database: a part of Target, which knows the app and its models."""

    app = db = User = None

    def names(self):
        """Return the names of all users."""
        with self.app.app_context():
            return [*self.db.session.scalars(self.db.select(self.User.username))]

    def count(self, name):
        """Return how many users have this name, whatever its capitals."""
        return [str(one).casefold() for one in self.names()].count(name.casefold())

    def stored_hash(self, name):
        """Return what the database holds of a user's password."""
        query = self.db.select(self.User.password_hash)
        with self.app.app_context():
            rows = self.db.session.scalars(query.where(self.User.username == name))
            return rows.first()

    def row(self, name):
        """Return what the database holds of a user, or None."""
        query = self.db.select(*sqlalchemy.inspect(self.User).columns)
        with self.app.app_context():
            return self.db.session.execute(query.where(self.User.username == name)).first()

    def number(self, name):
        """Return the id of a user as a text; the name where ids are too random to be guessed."""
        key = sqlalchemy.inspect(self.User).primary_key[0]
        with self.app.app_context():
            found = self.db.session.scalar(self.db.select(key).where(self.User.username == name))
        return str(found) if isinstance(found, int) else name

    def age_hash(self, name):
        """Let a user's hash be one of years ago, with the cost of that time; return it."""
        now = str(self.stored_hash(name))
        read = "steps/03_hashing/README.md#set-the-password"
        old = older(now)
        require(old, "the hash is stored as text that names its cost", now, read)
        change = self.db.update(self.User).where(self.User.username == name)
        with self.app.app_context():
            self.db.session.execute(change.values(password_hash=old))
            self.db.session.commit()
        return old
