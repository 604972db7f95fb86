"""The user, with typed columns and an __init__ of its own."""

from extensions import bcrypt, db, login_manager
from flask_login import UserMixin
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column


class User(UserMixin, db.Model):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(30), unique=True)
    password_hash: Mapped[str]

    def __init__(self, username, password):
        self.username = username
        self.set_password(password)

    def set_password(self, password):
        if not password:
            raise ValueError("A password is needed.")
        if len(password.encode()) > 72:
            raise ValueError("That password is longer than 72 bytes.")
        self.password_hash = bcrypt.generate_password_hash(password, rounds=13).decode()

    def check_password(self, password):
        fits = len(password.encode()) <= 72
        return fits and bcrypt.check_password_hash(self.password_hash, password)


@login_manager.user_loader
def load_user(user_id):
    return db.session.get(User, user_id)
