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
MOST_MEGABYTES_OF_A_ZIP = 100  # it may hold a virtual environment, which is left out
PIECE = 2**16  # bytes
OURS = ("steps", "final", "tests", "notebooks")  # folders of the workbook that hold apps
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others take as much memory as a file says
BROKEN = (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError)


class Refused(Exception):
    """A submission that is not unpacked; the text says why."""


@dataclass(frozen=True)
class Submission:
    """A folder or a zip file, and the name under which it is graded."""

    name: str
    path: Path


def submissions(folder):
    """Return the submissions in a folder, and the names of everything else."""
    found, others = [], []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__MACOSX":
            continue
        is_one = not path.is_symlink() and (path.is_dir() or is_zip(path))
        (found if is_one else others).append(path)
    stems = [path.stem if is_zip(path) else path.name for path in found]
    names = [s if stems.count(s) == 1 else p.name for s, p in zip(stems, found, strict=True)]
    names = [CONTROL.sub("?", name) for name in names]
    pairs = zip(names, found, strict=True)
    return [Submission(name, path) for name, path in pairs], [path.name for path in others]


def is_zip(path):
    """Say whether this is a file with the name of a zip file."""
    return path.suffix.lower() == ".zip" and path.is_file()


def unpack(path, target):
    """Write the files of a submission below a new folder; raise Refused above the limits."""
    target.mkdir()
    if is_zip(path):
        return unpack_zip(path, target)
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
        with zipfile.ZipFile(path) as archive:
            return write_all(files_of(archive), target)
    except BROKEN as error:
        raise Refused(f"the zip file can't be opened: {error}") from error


def files_of(archive):
    """Yield the parts of a file's path, and what opens it, for each regular file of a zip file."""
    paths = [PurePosixPath(info.filename.replace("\\", "/")) for info in archive.infolist()]
    environments = {path.parent for path in paths if path.name == "pyvenv.cfg"}
    for path, info in zip(paths, archive.infolist(), strict=True):
        if path.is_absolute() or ".." in path.parts or ":" in info.filename:
            raise Refused(f"the zip file holds a path that leads out of it: {info.filename}")
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
        file = target.joinpath(*parts)
        file.parent.mkdir(parents=True, exist_ok=True)
        with opened("rb") as source, file.open("xb") as copy:
            while piece := source.read(PIECE):
                size += len(piece)
                if size > MAX_MEGABYTES * 1_000_000:
                    raise Refused(f"it has more than {MAX_MEGABYTES} MB of files")
                copy.write(piece)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755)  # in bubblewrap, root's files are read by another user


def app_in(folder):
    """Return the folder of the app below a folder: my_app, else the one nearest to the top."""
    found = {file for name in ENTRY_FILES[:2] for file in folder.rglob(name)}
    found |= {file.parent.parent / "app.py" for file in folder.rglob("app/__init__.py")}
    apps = {file.parent for file in found if not is_ours(file.parent, folder)}
    nearest = sorted(apps, key=lambda app: (app.name != "my_app", len(app.parts), app))
    return nearest[0] if nearest else None


def is_ours(app, folder):
    """Say whether an app is one of the workbook's, which was handed in as a whole."""
    for top in app.parents:
        if top.is_relative_to(folder) and (top / "workbook.py").is_file():
            return app.relative_to(top).parts[0] in OURS
    return False
