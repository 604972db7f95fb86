"""The databases of a learner's app, and how they are moved aside. Needs no packages."""

import re

DATABASES = (".db", ".sqlite", ".sqlite3")


def databases(folder):
    """Return the files in which an app keeps its data, without those that were moved aside."""
    places = [path for place in (folder, folder / "instance") for path in place.glob("*")]
    kept = [path for path in places if path.suffix in DATABASES and path.is_file()]
    return sorted(path for path in kept if not re.search(r"-old-\d+$", path.stem))


def name_aside(file):
    """Return a name beside a file that is still free."""
    names = (file.with_name(f"{file.stem}-old-{n}{file.suffix}") for n in range(1, 10_000))
    return next(name for name in names if not name.exists())


def agreed(question):
    """Ask, and say whether the answer is yes. No answer counts as no."""
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False


def move_aside(files, folder, shown):
    """Move each of these files of a folder aside, after asking; return an exit code.

    `shown` says how a path is typed.
    """
    if not files:
        print(f"There is no database in {shown(folder)}.")
    for file in files:
        aside = name_aside(file)
        print(
            f"The next start creates an empty database. This one will be renamed to {shown(aside)}."
        )
        if not agreed(f"Move {shown(file)} aside? [y/N] "):
            print("Nothing was moved.")
            return 1
        file.rename(aside)
        print("Done.")
    return 0
