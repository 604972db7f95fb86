"""The user, and the objects that store it, hash its password and log it in."""

from flask_bcrypt import Bcrypt
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
bcrypt = Bcrypt()
logins = LoginManager()


class User(db.Model):
    id = db.Column(db.BigInteger().with_variant(db.Integer, "sqlite"), primary_key=True)
    username = db.Column(db.Text, nullable=False)
    password_hash = db.Column(db.Text, nullable=False)
    __table_args__ = (db.UniqueConstraint("username", name="one_user_per_name"),)

    is_authenticated = is_active = True
    is_anonymous = False

    def get_id(self):
        return str(self.id)

    def set_password(self, password):
        size = len(password.encode("utf-8"))
        if size < 1 or size > 72:
            raise ValueError(f"Please choose 1 to 72 bytes, these are {size}.")
        self.password_hash = str(bcrypt.generate_password_hash(password), "ascii")

    def check_password(self, password):
        try:
            return bcrypt.check_password_hash(self.password_hash, password)
        except ValueError:
            return False


@logins.user_loader
def find(user_id):
    return db.session.execute(db.select(User).filter_by(id=int(user_id))).scalar()
