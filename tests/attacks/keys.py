"""The keys and salts that are in the source of an app, and what is signed with them."""

import ast
import functools
import hashlib
import hmac
import re
from itertools import product
from pathlib import Path

DIGESTS = {  # by the bytes that are left of them
    **dict.fromkeys((8, 10, 12, 24), ("sha256", "sha1")),
    16: ("md5", "sha256", "sha1"),
    20: ("sha1", "sha256"),
    32: ("sha256", "sha512"),
    64: ("sha512",),
}
SALTS = ("itsdangerous", "itsdangerous.Signer")  # where an app names none
LONGEST = 64  # characters of a word that may be a key or a salt
HOLE = "\0"  # in a word, where the source puts something in: whose key it is, or what is signed
PLACES = re.compile(r"%[sdr]|\{\w*\}")  # of what is put in, as % and format() know them


def matching(said, raw, known, salted):
    """Yield (word, function that signs as it does) for each word that gives these bytes.

    `known` are the words, and pairs of what names a user and another one.
    """
    size = len(raw)
    for name in DIGESTS[size]:
        for word, own, its, frame, sign in ways(known, name, salted):
            if sign(own, frame.replace(HOLE, said).encode(), name)[:size] == raw:
                yield word, functools.partial(signed, sign, its, frame, name, size)


def signed(sign, key, frame, name, size, said):
    """Return the signature of what is said."""
    return sign(key, frame.replace(HOLE, said).encode(), name)[:size]


def ways(known, name, salted):
    """Yield (word, own key, key of the other user, frame of what is signed, signer)."""
    for (word, own, its), sign in product(keys(*known), (mac, key_first, key_last)):
        yield word, own, its, HOLE, sign
    if salted:
        frames = [one for one in known[0] if one.count(HOLE) == 1]
        for (word, own, its), frame in product(keys(*known), frames):
            yield word, own, its, frame, mac
        for word, own, its in derived(*known, name):
            yield word, own, its, HOLE, mac


@functools.cache
def keys(words, swaps):
    """Return [(word, own key, key of the other user)]: the words, and hashes of them."""
    found = []
    for word in words:
        for pair in [[word.replace(HOLE, one) for one in swap] for swap in swaps] or [[word] * 2]:
            own, its = (one.encode() for one in pair)
            found.append((word, own, its))
            found.append((word, *(hashlib.sha256(one).digest() for one in (own, its))))
            found.append((word, *(hashlib.sha256(one).hexdigest().encode() for one in (own, its))))
    return list(dict.fromkeys(found))


@functools.cache
def derived(words, swaps, name):
    """Return [(word, own key, the other one)] that itsdangerous makes, with each word as a salt."""
    plain = [word for word in words if HOLE not in word]
    salts = [[(one.replace(HOLE, own), one.replace(HOLE, its)) for one in (*SALTS, *words)]
             for own, its in swaps or [("", "")]]  # fmt: skip
    pairs = product(plain, dict.fromkeys(pair for some in salts for pair in some))
    return [(word, *(salted_key(word, salt, name) for salt in pair)) for word, pair in pairs]


def salted_key(word, salt, name):
    """Return the key that itsdangerous makes of a word and a salt."""
    return hashlib.new(name, salt.encode() + b"signer" + word.encode()).digest()


def mac(key, said, name):
    """Return the HMAC of a message."""
    return hmac.digest(key, said, name)


def key_first(key, said, name):
    """Return the hash of a key and a message."""
    return hashlib.new(name, key + said).digest()


def key_last(key, said, name):
    """Return the hash of a message and a key; of the message alone where the key is empty."""
    return hashlib.new(name, said + key).digest()


def words_of(copy):
    """Return the texts in the source that may be a key or a salt; an empty one is the first.

    What is put into a text there, as the name of a user into a salt, is a HOLE.
    """
    found = {"": None}
    for module in copy.modules.values():  # tests are not among them
        text = Path(module.__file__).read_text("utf-8") if module.__file__ else ""
        nodes = [*ast.walk(ast.parse(text))]
        notes = {id(one.value) for one in nodes if isinstance(one, ast.Expr)}
        for node in nodes:
            shape = shape_of(node) if id(node) not in notes else HOLE
            if 0 < len(shape) <= LONGEST and shape.strip(HOLE):
                found[shape] = None
    return tuple(found)


def shape_of(node):
    """Return what an expression of the source writes, with HOLEs for what isn't a text there."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Constant(value=bytes(data)):
            return data.decode("latin-1")
        case ast.JoinedStr(values=parts):
            shape = "".join(map(shape_of, parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            shape = shape_of(left) + shape_of(right)
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            shape = PLACES.sub(HOLE, text)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            shape = PLACES.sub(HOLE, text)
        case _:
            return HOLE
    return re.sub(f"{HOLE}+", HOLE, shape)
