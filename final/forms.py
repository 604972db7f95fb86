"""Forms: what may be sent, and what to say about the rest.

Made from `request.form`, so that a file or JSON is never taken for a name.
"""

from accounts import MIN_PASSWORD, USERNAME, audit, normalise, password_problem
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField, ValidationError
from wtforms.validators import EqualTo, InputRequired, Regexp

FILLED_IN = InputRequired("Fill in this field.")
TWICE = EqualTo("password", "The two passwords differ. Enter both again.")
NAME_RULE = "3 to 32 characters: letters a to z, digits, dots, dashes, underscores."
POSSIBLE = Regexp(rf"{USERNAME.pattern}\Z", message=f"Use {NAME_RULE}")  # ASVS 2.2.1
PASSWORD_RULE = f"At least {MIN_PASSWORD} characters; a short sentence works well."


class NewPasswordForm(FlaskForm):
    """Ask for a new password, twice because users can't see what they type."""

    password = PasswordField("New password", [FILLED_IN], description=PASSWORD_RULE)
    password_again = PasswordField("New password again", [TWICE])

    def __init__(self, formdata, owner=None):
        """Ask for the password of this user, or of a user to be."""
        super().__init__(formdata)
        self.owner = owner

    def validate_password(self, field):
        """Refuse a password that is too short, too long or easy to guess."""
        name = self.owner.username if self.owner else self.username.data
        if problem := password_problem(field.data, name):
            raise ValidationError(problem)
        if "current_password" in self and self.current_password.data == field.data:
            raise ValidationError("That is the password you have. Choose another one.")


class RegisterForm(NewPasswordForm):
    """Ask for a name that can be had, and a password."""

    username = StringField("Username", [FILLED_IN, POSSIBLE], [normalise], description=NAME_RULE)


class LoginForm(FlaskForm):
    """Ask who it is."""

    username = StringField("Username", [FILLED_IN])
    password = PasswordField("Password", [FILLED_IN])
    remember = BooleanField("Remember me on this device for 30 days")


class ConfirmForm(FlaskForm):
    """Ask for the password before something lasting happens (ASVS 6.2.3, 7.5.1)."""

    current_password = PasswordField("Current password", [FILLED_IN])

    def validate_current_password(self, field):
        """Refuse anything but the password of the user who is logged in."""
        if not current_user.check_password(field.data):
            audit("wrong current password", current_user.username)
            raise ValidationError("That is not your current password. Enter it again.")


class ChangePasswordForm(NewPasswordForm, ConfirmForm):
    """Ask for the current password and for a new one."""
