"""Hashers beside bcrypt: counted by the cost that an app asks for, and computed at a low one.

What a hash says of its cost is kept, so that one can be made to look years old: see older().
"""

import contextlib
import hashlib
import re

LEAST = {"n": 2, "r": 1, "p": 1}  # of scrypt
ARGON2 = re.compile(r"(?<=\$)m=(\d+),t=(\d+),p=(\d+)(?=\$)")
COSTS = (  # of a hash in the usual ways to write it, and what it was years ago
    (re.compile(r"(?<=\$2[abxy]\$)\d\d(?=\$)"), "04"),
    (ARGON2, r"m=1024,t=1,p=\3"),
    (re.compile(r"(?<=scrypt:)\d+(?=:)"), "1024"),
    (re.compile(r"(?<=pbkdf2:)(\w+):\d+(?=\$)"), r"\1:1000"),
)


def older(text):
    """Return a hash as it would say it is if it was made years ago, or None if it says nothing."""
    for cost, years_ago in COSTS:
        if cost.search(text):
            return cost.sub(years_ago, text, count=1)
    return None


def replacements(note):
    """Yield (owner, name, function) of what hashes in other ways, each call with its cost noted.

    `note` is called with the cost, the salt, and whether a password is checked: None where only
    the salt can tell.
    """
    scrypt, pbkdf2 = hashlib.scrypt, hashlib.pbkdf2_hmac

    def by_scrypt(password, *, salt, n, r, p, maxmem=0, dklen=64):
        made = scrypt(password, salt=salt, **LEAST, dklen=dklen)
        note(n * r * p // 32, bytes(salt))
        return made

    def by_pbkdf2(hash_name, password, salt, iterations, dklen=None):
        made = pbkdf2(hash_name, password, salt, 1, dklen)
        note(iterations // 100, bytes(salt))
        return made

    yield hashlib, "scrypt", by_scrypt
    yield hashlib, "pbkdf2_hmac", by_pbkdf2
    with contextlib.suppress(ImportError):
        import argon2

        for name, function in by_argon2(argon2.PasswordHasher, note).items():
            yield argon2.PasswordHasher, name, function


def by_argon2(hasher, note):
    """Return {name: function} of the two methods of a PasswordHasher."""
    making, checking = hasher.hash, hasher.verify

    def cost(memory, time):
        return int(memory) * int(time) // 10

    def made(self, password, *, salt=None):
        quick = hasher(1, 8 * self.parallelism, self.parallelism, self.hash_len, self.salt_len)
        text = ARGON2.sub(
            f"m={self.memory_cost},t={self.time_cost},p={self.parallelism}",
            making(quick, password, salt=salt),
        )
        note(cost(self.memory_cost, self.time_cost), text.encode(), is_check=False)
        return text

    def checked(self, hash, password):
        text = hash.decode() if isinstance(hash, bytes) else hash
        if found := ARGON2.search(text):
            note(cost(*found.groups()[:2]), text.encode(), is_check=True)
            text = ARGON2.sub(f"m={8 * int(found[3])},t=1,p={found[3]}", text)
        return checking(self, text, password)

    return {"hash": made, "verify": checked}
