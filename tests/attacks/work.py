"""What an app hashes while it runs: noted, made cheap, refused at no cost, or held for a race."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import bcrypt
from sqlalchemy import Engine, event

from attacks.hashers import replacements

CHECK, HASH = "check", "hash"
SALT = 29  # bytes of a bcrypt hash that are its salt: $2b$12$ and 22 letters
CHEAP = b"$2b$04$"  # bcrypt's lowest cost
PATIENCE = 60  # seconds, after which a deed counts as stuck


class Work:
    """The passwords that were hashed and checked, and what happens in the middle of it."""

    def __init__(self):
        """Note nothing yet."""
        self.calls = []  # (CHECK or HASH, how much work it stands for, what tells the salt)
        self.salts_of_others = set()  # that hashers beside bcrypt have been given
        self.cheap = set()  # letters of salts that are hashed at the lowest cost, whatever they say
        self.wrong = None  # passwords that begin so are refused without any work
        self.held = None  # (CHECK or HASH, what happens in the middle)
        self.result = None  # of the last deed

    def total(self, deed):
        """Return how much work a deed causes."""
        before = len(self.calls)
        deed()
        return sum(work for _, work, _ in self.calls[before:])

    def salts(self, deed):
        """Return the letters of the salts of the hashes that a deed checks a password against."""
        before = len(self.calls)
        deed()
        return {salt for kind, _, salt in self.calls[before:] if kind == CHECK}

    @contextlib.contextmanager
    def meanwhile(self, kind, deed):
        """Hold the first request that ends a check or a hash until a deed is done.

        The kind may also be the beginning of an SQL statement, which is held before it is sent.
        The deed runs in a thread of its own, as another request would. Yields a list that holds
        its result afterwards, and stays empty if no request came that far.
        """
        results = []
        self.held = (kind, deed, threading.Semaphore(1), results)
        event.listen(Engine, "before_cursor_execute", self.sending)
        try:
            yield results
        finally:
            event.remove(Engine, "before_cursor_execute", self.sending)
            self.held = None

    def sending(self, _connection, _cursor, statement, *_):
        """Let the others in if they wait for this statement."""
        self.let_in(" ".join(statement.replace('"', "").split()))

    def note(self, kind, work, salt):
        """Count a call, and let the others in if they wait for it."""
        self.calls.append((kind, work, bytes(salt)))
        self.let_in(kind)

    def note_other(self, work, salt, is_check=None):
        """Count a call of a hasher beside bcrypt: with a salt that is known, it checks."""
        is_known = salt in self.salts_of_others
        self.salts_of_others.add(salt)
        self.note(CHECK if (is_known if is_check is None else is_check) else HASH, work, salt)

    def let_in(self, kind):
        """Let the others in if they wait for this."""
        if self.held and kind.startswith(self.held[0]) and self.held[2].acquire(blocking=False):
            _, deed, _, results = self.held
            with ThreadPoolExecutor(1) as pool:
                results.append(pool.submit(deed).result(PATIENCE))

    def is_wrong(self, password):
        """Say whether this is one of the guesses that need no work to be refused."""
        return self.wrong is not None and bytes(password).startswith(self.wrong)

    def lowered(self, salt):
        """Return a salt, or a hash, as it is computed: at the lowest cost if it is made here."""
        return CHEAP + bytes(salt)[7:] if bytes(salt)[7:SALT] in self.cheap else salt

    def cost(self, salt):
        """Return 2 to the power of the cost that a salt names."""
        return 2 ** int(bytes(salt).split(b"$")[2])

    @contextlib.contextmanager
    def watched(self):
        """Watch all that hashes passwords; enter it before the app is loaded."""
        gensalt, hashpw, checkpw = bcrypt.gensalt, bcrypt.hashpw, bcrypt.checkpw

        def cheap(rounds=12, prefix=b"2b"):
            salt = gensalt(4, prefix)
            self.cheap.add(salt[7:])
            return salt.replace(b"$04$", b"$%02d$" % rounds)

        def hashing(password, salt):
            kind = CHECK if len(salt) > SALT else HASH
            if kind == CHECK and self.is_wrong(password):
                made = bytes(salt)[:SALT] + b"." * 31
            else:
                made = bytes(salt)[:7] + hashpw(password, self.lowered(salt))[7:]
            self.note(kind, self.cost(salt), bytes(salt)[7:SALT])
            return made

        def checking(password, hashed_password):
            fits = not self.is_wrong(password) and checkpw(password, self.lowered(hashed_password))
            self.note(CHECK, self.cost(hashed_password), bytes(hashed_password)[7:SALT])
            return fits

        patched = {"gensalt": cheap, "hashpw": hashing, "checkpw": checking}
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.multiple(bcrypt, **patched))
            for owner, name, function in replacements(self.note_other):
                stack.enter_context(mock.patch.object(owner, name, function))
            yield
