"""Find what a class has handed in, and unpack it: nothing in it is run, followed or trusted."""

import os
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workbench.copying import CLUTTER, MAX_MEGABYTES
from workbench.loader import ENTRY_FILES

from grading.hearing import CONTROL

MOST_FILES = 2000
FEW = 3
DEEPEST = 30  # folders in one another
MOST_MEGABYTES_OF_A_ZIP = 100  # it may hold a virtual environment, which is left out
MOST_ENTRIES = 60_000  # of a zip file, the environment among them
PIECE = 2**16  # bytes
ARCHIVES = (".7z", ".bz2", ".gz", ".py", ".rar", ".tar", ".tgz", ".xz")  # what people hand in, too
OURS = ("steps", "final", "tests", "notebooks")  # folders of the workbook that hold apps
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others take as much memory as a file says
BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError)


class Refused(Exception):
    """A submission that is not unpacked; the text says why."""


@dataclass(frozen=True)
class Submission:
    """A folder, a zip file, or what is neither, and the name under which it is graded."""

    name: str
    path: Path


def submissions(folder):
    """Return the submissions in a folder, and the names of everything else."""
    found, others = [], []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__MACOSX":
            continue
        is_one = path.is_symlink() or path.is_dir() or path.suffix.lower() in (".zip", *ARCHIVES)
        (found if is_one else others).append(path)
    stems = [path.stem if is_zip(path) else path.name for path in found]
    names = [s if stems.count(s) == 1 else p.name for s, p in zip(stems, found, strict=True)]
    names = [CONTROL.sub("?", name).replace("\n", "?") for name in names]
    pairs = zip(names, found, strict=True)
    return [Submission(name, path) for name, path in pairs], [path.name for path in others]


def is_zip(path):
    """Say whether this is a file with the name of a zip file."""
    return path.suffix.lower() == ".zip" and path.is_file()


def unpack(path, target):
    """Write the files of a submission below a new folder; raise Refused above the limits."""
    target.mkdir()
    if path.is_symlink():
        raise Refused("it is a link; copy what it leads to")
    if is_zip(path):
        return unpack_zip(path, target)
    if not path.is_dir():
        raise Refused("it is neither a folder nor a zip file; put it into a folder, unpacked")
    files = list(files_in(path))
    zips = [file for file in files if file.suffix.lower() == ".zip"]
    if len(zips) == 1 and not any(file.suffix == ".py" for file in files):
        return unpack_zip(zips[0], target)  # as some learning platforms pack them
    return write_all(((file.relative_to(path).parts, file.open) for file in files), target)


def files_in(folder):
    """Yield the regular files below a folder; links and pipes are no files of a submission."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        names = {entry.name for entry in entries}
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not is_left_out(entry.name) and "pyvenv.cfg" not in names:
                    yield from files_in(Path(entry))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry)
    except (OSError, RecursionError) as error:
        raise Refused(f"a folder of it can't be read: {error}") from error


def is_left_out(name):
    """Say whether an app runs without a folder of this name."""
    return name.startswith(".") or name in CLUTTER


def unpack_zip(path, target):
    """Do the same with the files of a zip file."""
    if path.stat().st_size > MOST_MEGABYTES_OF_A_ZIP * 1_000_000:
        raise Refused(f"the zip file has more than {MOST_MEGABYTES_OF_A_ZIP} MB")
    try:
        if entries(path) > MOST_ENTRIES:
            raise Refused(f"the zip file lists more than {MOST_ENTRIES} files")
        with zipfile.ZipFile(path) as archive:
            return write_all(files_of(archive), target)
    except BROKEN as error:
        raise Refused(f"the zip file can't be opened: {error}") from error


def entries(path):
    """Return how many files a zip file says that it holds, without reading the list of them."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - PIECE))
        end = file.read().rpartition(b"PK\5\6")[2]
    return int.from_bytes(end[6:8], "little")


def files_of(archive):
    """Yield the parts of a file's path, and what opens it, for each regular file of a zip file."""
    paths = [PurePosixPath(info.filename.replace("\\", "/")) for info in archive.infolist()]
    environments = {path.parent for path in paths if path.name == "pyvenv.cfg"}
    for path, info in zip(paths, archive.infolist(), strict=True):
        if path.is_absolute() or ".." in path.parts or ":" in info.filename:
            raise Refused(f"the zip file holds a path that leads out of it: {info.filename!r}")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.is_dir() or kind not in (0, stat.S_IFREG):
            continue
        if any(map(is_left_out, path.parts[:-1])) or environments & {*path.parents}:
            continue
        if info.compress_type not in PACKED:
            raise Refused("the zip file is compressed in another way than most; zip it again")
        yield path.parts, lambda _mode, info=info: archive.open(info)


def write_all(files, target):
    """Write files, given as the parts of their paths and what opens them, within the limits."""
    size = 0
    for number, (parts, opened) in enumerate(files, 1):
        if number > MOST_FILES:
            raise Refused(f"it has more than {MOST_FILES} files")
        if len(parts) > DEEPEST:
            raise Refused(f"it has more than {DEEPEST} folders in one another")
        file = target.joinpath(*parts)
        if file.exists():
            raise Refused(f"two files of it are named {file.name}")
        file.parent.mkdir(parents=True, exist_ok=True)
        with opened("rb") as source, file.open("xb") as copy:
            while piece := source.read(PIECE):
                size += len(piece)
                if size > MAX_MEGABYTES * 1_000_000:
                    raise Refused(f"it has more than {MAX_MEGABYTES} MB of files")
                copy.write(piece)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755)  # in bubblewrap, root's files are read by another user


def apps_in(folder):
    """Return the folders of apps below a folder: my_app first, then those nearest to the top."""
    found = {file for name in ENTRY_FILES[:2] for file in folder.rglob(name)}
    found |= {file.parent.parent / "app.py" for file in folder.rglob("app/__init__.py")}
    found = found or {*folder.rglob("__init__.py")}  # the app's folder is a package
    apps = {file.parent for file in found if not is_ours(file.parent, folder)}
    return sorted(apps, key=lambda app: (*rank(app), app))


def first_files(folder):
    """Return the names of a few files below a folder, in words."""
    names = sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())
    return ", ".join(names[:FEW]) + (", ..." if names[FEW:] else "") or "nothing"


def rank(app):
    """Return what decides which of several apps is checked: the smallest one."""
    return app.name != "my_app", len(app.parts)


def app_in(folder):
    """Return the folder of the app to be checked, and those of others; raise Refused for a tie."""
    apps = apps_in(folder)
    if not apps:
        return None, []
    others = [one for one in apps[1:] if not one.is_relative_to(apps[0])]
    if ties := [one for one in others if rank(one) == rank(apps[0])]:
        names = ", ".join(one.relative_to(folder).as_posix() for one in (apps[0], *ties))
        raise Refused(f"there are several apps: {names}; keep one, or name it my_app")
    return apps[0], others


def is_ours(app, folder):
    """Say whether an app is one of the workbook's, which was handed in as a whole."""
    for top in app.parents:
        if top.is_relative_to(folder) and (top / "workbook.py").is_file():
            return app.relative_to(top).parts[0] in OURS
    return False
