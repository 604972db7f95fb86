"""Races without a clock: something else happens in the middle of a request, every time."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from flask_bcrypt import Bcrypt

CHECK, HASH = "check_password_hash", "generate_password_hash"
PATIENCE = 60  # seconds, after which a deed counts as stuck


@contextlib.contextmanager
def meanwhile(step, deed):
    """Hold the first request that ends this slow step until a deed is done; yield its results.

    The step is CHECK or HASH. The deed runs in a thread of its own, as another request would; its
    own checks and hashes are not held.
    """
    original, first, results = getattr(Bcrypt, step), threading.Semaphore(1), []

    def held(*words):
        result = original(*words)
        if first.acquire(blocking=False):
            with ThreadPoolExecutor(1) as pool:
                results.append(pool.submit(deed).result(PATIENCE))
        return result

    with mock.patch.object(Bcrypt, step, held):
        yield results
    assert results, f"no request came to {step}"


@contextlib.contextmanager
def all_held(step, count):
    """Hold the first `count` requests that end this step; yield a wait for them, and a release."""
    original, places = getattr(Bcrypt, step), threading.Semaphore(count)
    arrived, go = threading.Barrier(count + 1), threading.Event()

    def held(*words):
        result = original(*words)
        if places.acquire(blocking=False):
            arrived.wait(PATIENCE)
            go.wait(PATIENCE)
        return result

    with mock.patch.object(Bcrypt, step, held):
        try:
            yield lambda: arrived.wait(PATIENCE), go.set
        finally:
            go.set()
