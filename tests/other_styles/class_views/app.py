"""Style: a class for each page, templates as strings, errors with a status of their own."""

from flask import Flask, redirect, render_template_string, request, url_for
from flask.views import MethodView
from flask_bcrypt import Bcrypt
from flask_login import LoginManager, UserMixin, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import exc

FORM = """<h2>{{ title }}</h2>{% if error %}<p class="error">{{ error }}</p>{% endif %}
<form method=post><input name=username><input type=password name=password><button>OK</button></form>
"""
HELLO = """<p>Hello {{ current_user.username|capitalize }}</p>
<form method=post action="{{ url_for('logout') }}"><button>Bye</button></form>"""

app = Flask(__name__)
app.secret_key = b"\x8ba-key-for-the-class-views"
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///data.sqlite3"
db = SQLAlchemy(app)
crypt = Bcrypt(app)
login_manager = LoginManager(app)
login_manager.login_view = "login"
login_manager.login_message = None


class User(UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(50), unique=True, nullable=False, index=True)
    password_hash = db.Column(db.String(255), nullable=False)

    def set_password(self, password):
        if not password or len(password.encode()) > 72:
            raise ValueError("The password must have between 1 and 72 bytes.")
        self.password_hash = crypt.generate_password_hash(password).decode()

    def check_password(self, password):
        if not password or len(password.encode()) > 72:
            return False
        return crypt.check_password_hash(self.password_hash, password)


@login_manager.user_loader
def load_user(user_id):
    return db.session.get(User, user_id)


class FormView(MethodView):
    def get(self, error=None, status=200):
        return render_template_string(FORM, title=type(self).__name__, error=error), status


class Register(FormView):
    def post(self):
        user = User(username=request.form.get("username"))
        if not user.username:
            return self.get("The username is missing.", 422)
        try:
            user.set_password(request.form.get("password"))
            with db.session.begin():
                db.session.add(user)
        except ValueError as error:
            return self.get(error, 422)
        except exc.IntegrityError:
            return self.get("The username is in use.", 409)
        return redirect(url_for("login"))


class Login(FormView):
    def post(self):
        user = User.query.filter_by(username=request.form.get("username")).first()
        if user is None or not user.check_password(request.form.get("password")):
            return self.get("Access denied.", 401)
        login_user(user)
        return redirect(url_for("welcome"))


class Welcome(MethodView):
    decorators = (login_required,)

    def get(self):
        return render_template_string(HELLO)


class Logout(MethodView):
    def post(self):
        logout_user()
        return redirect(url_for("login"))


app.add_url_rule("/", view_func=lambda: "<a href=/login>Login</a> or <a href=/register>join</a>", endpoint="index")
for view in (Register, Login, Welcome, Logout):
    name = view.__name__.lower()
    app.add_url_rule(f"/{name}", view_func=view.as_view(name))

with app.app_context():
    db.create_all()
