"""Notice that a file of an app was saved, however the editor does that."""

import asyncio
from pathlib import Path

from watchfiles import DefaultFilter, awatch

from workbench.loader import WRITTEN

SKIPPED = ("instance", "node_modules", "__pycache__")
A_MOMENT = 1000  # milliseconds between two looks at the files, even if the system reports no change


def is_written(path):
    """Say whether a path below an app's folder is that of a file which learners write."""
    hidden = any(part.startswith(".") or part in SKIPPED for part in path.parts)
    return path.suffix in WRITTEN and not hidden


def state_of(folder):
    """Return {path: (time of the last change, size)} of what a learner has written in a folder.

    It is None where there is no folder, which is another state than that of an empty one.
    """
    if not folder.is_dir():
        return None
    found = {}
    for path in folder.rglob("*"):
        if is_written(path.relative_to(folder)):
            try:
                stat = path.stat()
            except OSError:  # gone between two looks, as editors that rename do it
                continue
            found[path] = (stat.st_mtime_ns, stat.st_size)
    return found


async def saves(folder):
    """Yield at once, and then each time the files in a folder have changed.

    If the folder does not exist, or no longer does, it is waited for. Where the system reports no
    changes, as on network drives, a look at the files each second finds them.
    """
    seen = ()  # no state yet
    while True:
        if (now := state_of(folder)) != seen:
            seen = now
            yield
        if not folder.is_dir():
            await asyncio.sleep(A_MOMENT / 1000)
            continue
        same = place_of(folder)
        async for _ in watched(folder):
            if (now := state_of(folder)) != seen:
                seen = now
                yield
            if place_of(folder) != same:  # renamed, or another one has its name
                break


def watched(folder):
    """Return an iterator over changes in a folder, and over moments without any."""
    return awatch(
        folder,
        watch_filter=Written(),
        step=50,
        rust_timeout=A_MOMENT,
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )


class Written(DefaultFilter):
    """Lets pass what learners write."""

    def __call__(self, change, path):
        """Say whether a change of this path is worth a look."""
        return Path(path).suffix in WRITTEN


def place_of(folder):
    """Return what tells a folder from another one of the same name, or None."""
    try:
        stat = folder.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
