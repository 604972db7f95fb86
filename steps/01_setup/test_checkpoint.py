"""Checkpoint 1: the app starts, and its three extensions and two settings are in place."""

import re
from difflib import get_close_matches

import pytest
import sqlalchemy
from flask_bcrypt import Bcrypt
from workbench.attempt import attempt
from workbench.finding import expect, require
from workbench.hints import hint_for_extension, word_for_extension

ONE_LINE = "the line that sets SECRET_KEY"  # has one fault at a time
SHORTEST = 8  # characters; a program tries all shorter words at once
# Keys from well-known tutorials, documentation and answers, as their letters and digits alone:
# anyone who has read those can sign your cookies.
KNOWN_KEYS = """
    0000 0mjasdl537c111 123 1234 12345 123456 12345678 123456789 1234567890
    192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf 1q2w3e4r
    5791628bb0b13ce0c676dfde280ba245 5f352379324c22463451387a0aec5d2f 5y2lf4q8z 5y2lf4q8znxec
    8bynewjzrkd81xngqvwz 9ol0p1qaz2wsx a0zr98j3yxrxhhjmnlwxrt aaaa abc abc123 abc12345 abcd abcdef
    abcdefg abcdefgh abcdefghijklmnopqrstuvwxyz addsecretkeyhere admin admin123 akey
    alongrandomstring anykey anyrandomstring anysecretkey anystring anystringyouwant appkey
    appsecret appsecretkey arandomkey arandomlongstring arandomsecretkey arandomstring
    areallylongsecretkey areallysecretkey asd asdf asdfasdf asdfgh asecret asecretkey
    averylongsecretkey averysecretkey averysecretstring averyveryverysecretkey banana bar baz blah
    blahblah cantguessthis changeinproduction changeitlater changeme changemeinproduction
    changemeplease changethis changethisinproduction changethiskey changethiskeyinproduction
    changethissecretkey changethistosomethingsecret changeyoursecretkey cookie cookiemonster
    correcthorsebatterystaple csrfkey csrfsecretkey default defaultkey defaultsecret
    defaultsecretkey dev devdevdev development developmentkey developmentsecretkey devkey devkey123
    devsecret devsecretkey devsecretkeychangeinproduction difficulttoguess difficulttoguessstring
    donottell donttellanyone dummy dummykey ec9439cfc6c796ae2029594d enteryoursecretkeyhere example
    examplekey examplesecretkey fixme flask flaskapp flaskblog flaskkey flasklogin flaskloginkey
    flaskloginsecret flaskmega flaskr flasksecret flasksecretkey flasktutorial flasky foo foobar
    fordevelopmentonly guessme hardtoguess hardtoguessstring hello hellothere helloworld
    hjshjhdjahkjshkjdhjs hush ilovecats ilovepython iloveyou insecure insecurekey insecuresecretkey
    insertrandomstringhere insertsecretkeyhere itsasecret itsasecrettoeverybody itsverysecret
    justarandomstring jwtsecret jwtsecretkey keepitsafe keepitsecret keepitsecretkeepitsafe
    keepthisreallysecret keepthissafe keepthissecret key key123 keykey letmein localdev localhost
    login loginkey loginsecret loginsecretkey lol longrandomstring microblog monkey mykey
    mykeyissecret mylittlesecret mypassword myprecious myprivatekey mysecret mysecret123 mysecretkey
    mysecretkey123 mysecretpassword mysupersecretkey nobodyknows nobodywilleverguess none nooneknows
    nosecret notasecret notforproduction notsecret notsosecret notverysecret null onlyfordevelopment
    opensesame passw0rd password password123 pleasechangeme pleasechangethis private privatekey
    puthereyoursecretkey putyoursecretkeyhere pythonflask qwe qwe123 qwerty qwerty123 qwertyuiop
    random randombytes randomcharacters randomkey randomsecret randomsecretkey randomstring
    randomstringhere randomtext reallysecret reallysecretkey replaceme replacethis
    replacewitharandomkey replacewithyoursecretkey root s3cr3t s3cr3tk3y s3cret sample samplekey
    secr3t secret secret123 secret1234 secretkey secretkey123 secretkeychangeinproduction
    secretkeyforflask secretkeyforsession secretkeygoeshere secretkeyhere secretofmine
    secretpassword secretsauce secretsecret secretstring sekret sekrit session sessionkey
    sessionsecret sessionsecretkey sharedsecret shh shhh somerandomstring somesecretkey
    somesupersecretkey somethinghardtoguess somethingonlyiknow somethingreallysecret somethingsecret
    somethinguniqueandsecret somethingverysecret someverylongstring someverysecretkey sshhh string
    sup3rs3cr3t supers3cret supersecret supersecret123 supersecretkey supersecretpassword
    supersecretstring supersekrit swordfish temp tempkey temporary temporarykey test test123 testing
    testingkey testkey testkey123 testsecret testsecretkey thekey thequickbrownfox thesecretkey
    thisisasecret thisisasecretkey thisisaverysecretkey thisiskey thisismysecret thisismysecretkey
    thisismysupersecretkey thisisnotasecret thisissecret thisissecretkey thisissupersecret
    thisisthesecretkey thisistopsecret thisreallyneedstobechanged thisshouldbeconfigured
    thisshouldbesecret toberandom todo toor topsecret topsecretkey unguessable verydifficulttoguess
    verysecret verysecretkey veryverysecret websitekey websitesecret whatever wj08 wtfcsrfsecretkey
    x xxx xxxx xyz yandexlyceumsecretkey youcannotguessme youcantguess youcantguessthis
    youllneverguess youllneverguessthis youneverknow yourkey yourkeyhere yourrandomsecretkey
    yoursecret yoursecretkey yoursecretkeychangeinproduction yoursecretkeyhere yoursupersecretkey
    yousecretkey youwillneverguess youwillneverknow youwillneverknowthis zaq12wsx
""".split()
SETS_THE_KEY = r"(?i)secret_?key"
NEEDS_A_KEY = "SECRET_KEY is set"
NO_MANAGER = "no app.login_manager"


@pytest.fixture
def secret_key(app, copy):
    """The SECRET_KEY of the app."""
    key = app.config["SECRET_KEY"]
    alike = get_close_matches("SECRET_KEY", [name for name in app.config if app.config[name]])
    require(
        NEEDS_A_KEY,
        key and isinstance(key, str | bytes),
        want="text or bytes in SECRET_KEY",
        got=repr(key),
        fact="" if key else "; ".join(f"app.config has {name}" for name in alike),
        read="the-secret-key",
        hint="Which line sets it, does it run while the file is loaded, and what is its value?",
        at=copy,
        word="|".join([SETS_THE_KEY, *alike]),
    )
    return key


def test_the_first_page_answers(app, stranger):
    """the app answers: GET / shows a page"""
    page = stranger.get("/")
    no_key = "no secret key" in str(page.error)

    expect(
        page.opens(),
        want="200 OK",
        got=page,
        read="the-first-page",
        shared=NEEDS_A_KEY if no_key else "" if hasattr(app, "login_manager") else NO_MANAGER,
    )


def test_flask_sqlalchemy_is_attached(app, db):
    """Flask-SQLAlchemy is attached: the app can talk to its database"""
    with app.app_context():
        answer = attempt(db.session.execute, sqlalchemy.text("SELECT 1"))

    expect(not answer.error, want="an answer", got=answer, read="the-database-address")


def test_the_database_has_an_address(app, copy):
    """the database has an address: SQLALCHEMY_DATABASE_URI is set"""
    address = app.config.get("SQLALCHEMY_DATABASE_URI")

    expect(
        address,
        want="an address such as sqlite:///site.db",
        got=repr(address),
        read="the-database-address",
        hint="Which setting of app.config does Flask-SQLAlchemy read?",
        at=copy,
        word=r"SQLALCHEMY_|DATABASE",
    )


def test_flask_login_is_attached(app, copy):
    """Flask-Login is attached: the app has a login manager"""
    expect(
        hasattr(app, "login_manager"),
        want="a LoginManager that is attached to the app",
        got=NO_MANAGER,
        shared=NO_MANAGER,
        read="attach-the-extensions",
        hint=hint_for_extension(copy, "LoginManager"),
        at=copy,
        word=word_for_extension(copy, "LoginManager"),
    )


def test_flask_bcrypt_is_ready(app, copy):
    """Flask-Bcrypt is ready: there is an object that hashes passwords"""
    bcrypt = copy.bcrypt()

    expect(
        app in copy.apps_with(Bcrypt),
        want="a Bcrypt object that is attached to the app",
        got="a Bcrypt object that is attached to no app" if bcrypt else "none in your files",
        read="attach-the-extensions",
        hint=hint_for_extension(copy, "Bcrypt"),
        at=copy,
        word=word_for_extension(copy, "Bcrypt"),
    )


def test_the_secret_key_stays_the_same(secret_key, second_start, copy):
    """SECRET_KEY stays the same when the app starts again"""
    before, after = second_start
    require(
        "cookies have the same names when the app starts again",
        after.cookies == before.cookies,
        want=f"cookies named as at the first start: {before.cookies[0]}",
        got=f"at the second start: {after.cookies[0]}",
        read="the-secret-key",
        hint="A browser sends a cookie back under the same name. Which line sets the name?",
        at=copy,
        word=r"COOKIE_",
    )
    expect(
        after.key == repr(secret_key),
        want="the same key in both starts",
        got="a different key at the second start",
        read="the-secret-key",
        hint="What happens to a cookie that was signed with the old key?",
        at=copy,
        word=SETS_THE_KEY,
        shared=ONE_LINE,
    )


def test_the_secret_key_is_not_a_known_one(secret_key, copy):
    """SECRET_KEY is not one that everybody knows"""
    text = secret_key if isinstance(secret_key, str) else secret_key.decode("latin-1")

    expect(
        len(text) >= SHORTEST and re.sub("[^a-z0-9]", "", text.lower()) not in KNOWN_KEYS,
        want=f"a key of {SHORTEST} characters or more, which is in no tutorial",
        got=repr(secret_key),
        read="the-secret-key",
        hint="secrets.token_hex() makes a key that no one can guess.",
        at=copy,
        word=SETS_THE_KEY,
        shared=ONE_LINE,
    )
