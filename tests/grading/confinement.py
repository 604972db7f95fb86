"""What a submission can reach: nothing but its own folders, as far as this system can see to that.

With bubblewrap it has no network, sees no file but Python and the machinery, and all that it has
started ends with it. Without, it has limits, an empty environment, and folders of its own.
"""

import itertools
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.course import ROOT, STEPS

MEGABYTE = 1_000_000
MEMORY = 1000 * MEGABYTE  # of one process; checking our own step 5 reserves 300
LONGEST_FILE = 20 * MEGABYTE
MOST_ON_DISK = 100 * MEGABYTE
MOST_OPEN = 256  # files of one process
PROCESSES = 64  # and threads, of one submission
NOBODIES = itertools.cycle(range(65_000, 65_500))  # so that one does not use up another's processes
SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix/store")
LOADER = ("etc/ld.so.cache", "etc/ld-musl-x86_64.path", "etc/alternatives", "etc/localtime")
MACHINERY = ("conftest.py", "pyproject.toml", "tests/workbench", "tests/grading", "tests/attacks")
PATIENCE = 20  # seconds


@dataclass(frozen=True)
class Place:
    """Where a submission is, and where it may write, as it sees these folders itself."""

    handed_in: Path
    home: Path
    temporary: Path

    def environment(self):
        """Return all that a submission gets to see of the environment."""
        kept = ("SYSTEMROOT", "PATHEXT", "COMSPEC") if sys.platform == "win32" else ()
        return {name: os.environ[name] for name in kept if name in os.environ} | {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONNOUSERSITE": "1",
            "COLUMNS": "100",
            **dict.fromkeys(("HOME", "USERPROFILE"), str(self.home)),
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.temporary)),
        }


INSIDE = Place(Path("/handed-in"), Path("/home/student"), Path("/tmp"))  # noqa: S108 - its own


@dataclass(frozen=True)
class Confinement:
    """How submissions are confined here."""

    bubblewrap: str  # the program, or nothing
    trouble: str  # what bubblewrap says where it does not work
    jobs: int

    def place(self, scratch):
        """Return the Place of a submission whose files are in scratch/handed-in."""
        if self.bubblewrap:
            return INSIDE
        places = [scratch / name for name in ("handed-in", "home", "tmp")]
        for folder in places:
            folder.mkdir(exist_ok=True)
        return Place(*places)

    def command(self, scratch, *words):
        """Return what starts Python with these words, confined."""
        python = [sys.executable, *words]
        if not self.bubblewrap:
            return python
        return [self.bubblewrap, *walls(self.bubblewrap, scratch / "handed-in"), "--", *python]

    def limits(self, seconds, user):
        """Return the limits of the resource module, by name, for what runs as this user."""
        own = user if user is not None else os.getuid() if hasattr(os, "getuid") else 0
        jobs = 1 if user is not None else self.jobs
        return {
            "RLIMIT_CORE": 0,
            "RLIMIT_CPU": int(seconds) + 1,
            "RLIMIT_AS": MEMORY,
            "RLIMIT_FSIZE": LONGEST_FILE,
            "RLIMIT_NOFILE": MOST_OPEN,
            "RLIMIT_NPROC": processes_of(own) + PROCESSES * jobs,
        }

    def user(self):
        """Return the id of the user that a submission becomes, another one each time, or None."""
        return next(NOBODIES) if self.bubblewrap and is_root() else None

    def gaps(self):
        """Return a sentence for each thing that is not prevented here."""
        if self.bubblewrap:
            return []
        why = f"does not work here: {self.trouble}" if self.trouble else "is not installed"
        install = "" if self.trouble else " (on Debian and Ubuntu: sudo apt install bubblewrap)"
        if sys.platform != "linux":
            why, install = "is for Linux only", ""
        gaps = [
            f"bubblewrap {why}{install}.",
            "So a submission can use the network, read what you can read, change and delete what",
            "you can, and leave processes behind.",
        ]
        if sys.platform == "win32":
            gaps.append("Windows sets no limits on memory, processes and the size of files.")
        elif sys.platform == "darwin":
            gaps.append("macOS sets no limit on memory.")
        elif is_root():
            gaps.append("You are root, so there is no limit on processes. Use another account.")
        return gaps


def is_root():
    """Say whether we may do everything."""
    return hasattr(os, "getuid") and os.getuid() == 0


def confinement(jobs):
    """Return the Confinement of this system, after a try."""
    program = shutil.which("bwrap") if sys.platform == "linux" else None
    if not program:
        return Confinement("", "", jobs)
    tried = [program, *walls(program, ROOT / "steps"), "--", sys.executable, "-c", "import pytest"]
    try:
        subprocess.run(tried, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except subprocess.CalledProcessError as error:
        return Confinement("", (error.stderr.strip().splitlines() or ["no reason"])[-1], jobs)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Confinement("", str(error), jobs)
    return Confinement(program, "", jobs)


def walls(program, handed_in):
    """Return the words for bubblewrap: an empty disk, and on it what a run reads."""
    apart = "ipc pid net uts cgroup-try".split()
    words = ["--die-with-parent", *(f"--unshare-{name}" for name in apart)]
    if is_root():  # it becomes another user inside, see sitting.py
        words += "--cap-drop ALL --cap-add CAP_SETUID --cap-add CAP_SETGID".split()
    else:
        words += ["--unshare-user"]
    words += ["--proc", "/proc", "--dev", "/dev", *writable("/dev/shm", program, MEGABYTE)]  # noqa: S108
    words += writable(INSIDE.temporary, program, MOST_ON_DISK)
    for path in seen():
        words += below(path)
        is_link = path.is_symlink() and path.parent == Path("/")
        words += ["--symlink", path.readlink(), path] if is_link else ["--ro-bind", path, path]
    words += below(INSIDE.home) + writable(INSIDE.home, program, MOST_ON_DISK)
    words += ["--ro-bind", handed_in, INSIDE.handed_in]
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", ROOT / "tests"]
    return [str(word) for word in words]


def seen():
    """Return what a run reads: the system's libraries, Python, the checks, and what they need."""
    paths = [Path("/usr"), *(Path("/", name) for name in (*SYSTEM, *LOADER))]
    paths += [Path(sys.base_prefix), Path(sys.prefix), *(ROOT / name for name in MACHINERY)]
    paths += [step / "test_checkpoint.py" for step in STEPS]  # not the solutions beside them
    kept = []
    for path in paths:
        if path.exists() and not any(path.is_relative_to(one) for one in kept):
            kept.append(path)
    return kept


def writable(path, program, size):
    """Return the words for an empty folder in memory, of a limited size where that can be had."""
    known = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    limit = ["--size", size] if "--size" in known.stdout + known.stderr else []
    return ["--perms", "1777", *limit, "--tmpfs", path]


def below(path):
    """Return the words for the folders above a path: every user can enter them."""
    above = [folder for folder in [*path.parents][::-1] if folder != Path("/")]
    return [word for folder in above for word in ("--perms", "0755", "--dir", folder)]


def processes_of(user):
    """Return how many processes and threads a user has."""
    if not Path("/proc/self/task").is_dir():
        listed = shutil.which("ps") and subprocess.run(
            ["ps", "-U", str(user), "-o", "pid="], capture_output=True, text=True, check=False
        )
        return len(listed.stdout.splitlines()) if listed else 1000
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if folder.stat().st_uid == user:
                count += len([*(folder / "task").iterdir()])
    return count


def end(process):
    """End a process with all that it has started."""
    if sys.platform == "win32":
        tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(tree, capture_output=True, check=False)
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(OSError):
        process.kill()
    process.wait()
