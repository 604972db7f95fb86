"""Do independent work on all cores at once, as strictly as pytest does it in one process."""

import gc
import multiprocessing
import os
import sys
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor

UNSEEN = []  # what was raised in this process where no one could catch it


def on_all_cores(function, rows):
    """Return a future, which is done, of a function that can be imported for each row of arguments.

    A warning counts there as it does here, and so does an exception that no one could catch.
    """
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), fresh, as_here, (warnings.filters,)) as pool:
        return [pool.submit(strictly, function, *row) for row in rows]


def as_here(filters):
    """Let warnings count as these filters say, and note what no one can catch."""
    warnings.resetwarnings()
    warnings.filters.extend(filters)
    sys.unraisablehook = threading.excepthook = lambda seen: UNSEEN.append(repr(seen.exc_value))


def strictly(function, *arguments):
    """Return what a function returns; warn of what no one could catch meanwhile."""
    if not gc.get_freeze_count():
        gc.freeze()  # what is imported stays, and need not be searched each time
    result = function(*arguments)
    gc.collect()
    while UNSEEN:
        warnings.warn(UNSEEN.pop(), RuntimeWarning, stacklevel=2)
    return result
