"""Guard: links of many styles are made up for another user, and a secret key stops that."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from attacks.forging import made_up
from attacks.keys import HOLE, words_of
from itsdangerous import Signer, URLSafeSerializer, URLSafeTimedSerializer

WORDS = ("", "pepper", "a salt", "reset", f"again {HOLE}", f"{HOLE} link", f"p{HOLE}r")
SWAPS = [("mallory", "ada"), ("12", "11")]
COOKIES = [("1.a-cookie", "with the cookie known in it")]


def b64(data):
    """Return bytes in base64 without padding, as it is in a link."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def mac(key, text):
    """Return the signature of a text as it is often written."""
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def web_token(name, key):
    """Return a JSON web token that says whose it is."""
    signed = f"{b64(b'{}')}.{b64(json.dumps({'exp': 1764150000, 'sub': name}).encode())}"
    return f"{signed}.{b64(hmac.digest(key, signed.encode(), 'sha256'))}"


def after(number, key):
    """Return a number in front of its signature, both in base64 as a whole."""
    return b64(f"{number}:{hashlib.sha256(key + str(number).encode()).hexdigest()}".encode())


PLAIN = {
    "a number, a version and a time": lambda name, number: f"/reset/{number}-3-1764150000",
    "a name in base64": lambda name, number: f"/reset?token={b64(name.encode())}",
    "JSON": lambda name, number: f"/r/{b64(json.dumps({'id': number, 'v': 12}).encode())}",
    "a counted row": lambda name, number: f"/again?code={number + 100}",
    "a hash of the name": lambda name, number: (
        f"/reset/{hashlib.sha256(name.encode()).hexdigest()}"
    ),
}
SIGNED = {
    "itsdangerous": lambda name, number, key: f"/r/{URLSafeSerializer(key).dumps([number, 3])}",
    "a salt": lambda name, number, key: f"/r?t={URLSafeSerializer(key, 'a salt').dumps(name)}",
    "a signer": lambda name, number, key: f"/r/{Signer(key).sign(str(number)).decode()}",
    "sha512": lambda name, number, key: (
        f"/r/{Signer(key, digest_method=hashlib.sha512).sign(name).decode()}"
    ),
    "a web token": lambda name, number, key: f"/r/{web_token(name, key)}",
    "base64 as a whole": lambda name, number, key: f"/r?t={after(number, key)}",
    "beside the name": lambda name, number, key: (
        f"/r/{name}/{hmac.new(key, name.encode(), 'sha1').hexdigest()}"
    ),
    "a salt with the name": lambda name, number, key: (
        f"/r/{name}/{URLSafeSerializer(key, f'again {name}').dumps(number)}"
    ),
    "a salt with the number": lambda name, number, key: (
        f"/r?t={Signer(key, f'again {number}').sign(name).decode()}"
    ),
    "a salt behind the name": lambda name, number, key: (
        f"/r?t={URLSafeTimedSerializer(key, name + ' link').dumps(number)}"
    ),
    "a word in front of what is signed": lambda name, number, key: (
        f"/r/{number}.{mac(key, f'again {number}')}"
    ),
    "half of a signature": lambda name, number, key: f"/r/{name}.{mac(key, name)[:32]}",
    "a few bytes of a signature": lambda name, number, key: (
        f"/r/{name}.{b64(hmac.digest(key, name.encode(), 'sha1')[:10])}"
    ),
    "a hashed key": lambda name, number, key: (
        f"/r/{number}~{mac(hashlib.sha256(key).digest(), str(number))}"
    ),
    "in front": lambda name, number, key: (
        f"/r/{hmac.new(key, b'%d' % number, 'sha1').hexdigest()}-{number}"
    ),
}


def links(own):
    """Return all links that are made up from one."""
    return [link for link, _ in made_up(own, SWAPS, WORDS, COOKIES)]


@pytest.mark.parametrize("style", PLAIN.values(), ids=PLAIN)
def test_a_link_that_is_not_signed_is_made_up(style):
    """Whatever is in it, and however it is written."""
    assert style("ada", 11) in links(style("mallory", 12))


@pytest.mark.parametrize("key", [b"pepper", b""])
@pytest.mark.parametrize("style", SIGNED.values(), ids=SIGNED)
def test_a_link_that_is_signed_with_what_everyone_can_read_is_made_up(style, key):
    """A text of the source, or nothing."""
    assert style("ada", 11, key) in links(style("mallory", 12, key))


@pytest.mark.parametrize("style", SIGNED.values(), ids=SIGNED)
def test_a_link_that_is_signed_with_a_secret_is_not(style):
    """None of those that are made up is the right one; and there are not too many of them."""
    made = links(style("mallory", 12, b"a secret"))

    assert style("ada", 11, b"a secret") not in made
    assert 1 < len(made) == len({*made}) < 60


def test_a_time_in_a_link_stays_as_it_is():
    """A signed link is as old as before."""
    own = URLSafeTimedSerializer("pepper").dumps([12, 3])
    made = [link.removeprefix("/r/") for link in links(f"/r/{own}")]
    signer = URLSafeTimedSerializer("pepper")

    times = [signer.loads(one, return_timestamp=True) for one in made if is_good(signer, one)]
    assert ([11, 3], signer.loads(own, return_timestamp=True)[1]) in [(a, b) for a, b in times]


def is_good(signer, token):
    """Say whether a token is signed as it should be."""
    return signer.loads_unsafe(token)[0]


def test_a_cookie_takes_the_place_of_a_token():
    """Two values with one salt and one format are one value."""
    assert "/r/1.a-cookie" in links("/r/2.a-token")
    assert "/r?t=1.a-cookie" in links("/r?t=2.a-token")


def test_a_key_may_hold_the_name_of_its_user():
    """A word of the source beside it is no secret."""

    def link(name):
        return f"/r/{name}/{mac(f'p{name}r'.encode(), name)}"

    assert link("ada") in links(link("mallory"))


def test_words_of_the_source_have_holes():
    """In each way to put a name into a text; notes are left out, and texts that are too long."""
    source = Path(__file__).with_name("words.py")
    code = (
        '"a note"\na = f"salt-{n}-1"\nb = "salt " + n\nc = n + "." + b"end"\n'
        'd = "%s again" % n\ne = "for {0}!".format(n)\nf = f"{n}"\ng = "x" * 99 + "y" * 99'
    )
    module = SimpleNamespace(__file__=source)
    with mock.patch.object(Path, "read_text", lambda *_: code):
        found = words_of(SimpleNamespace(modules={"words": module}))

    shapes = [one.replace(HOLE, "_") for one in found]
    wanted = ["salt-_-1", "salt _", "_.end", "_ again", "for _!"]
    assert [one for one in wanted if one not in shapes] == []
    assert "a note" not in shapes
    assert "_" not in shapes
