"""Check whether the database that a learner's app made earlier still fits the model.

It is only read. Run as a module with the path of an app, this file prints what does not fit.
"""

import contextlib
import io
import sqlite3
import sys
from pathlib import Path

from workbench.attempt import attempt
from workbench.course import ROOT
from workbench.loader import opened


def outdated(copy):
    """Return a sentence for each table of the learner's databases that is older than its model."""
    db = copy.app.extensions.get("sqlalchemy")
    if not db:
        return []
    with copy.app.app_context():
        pairs = [(db.metadatas.get(bind), engine) for bind, engine in db.engines.items()]
    return [
        sentence(file, table, columns)
        for metadata, engine in pairs
        if metadata and (file := own_file(copy, engine.url))
        for table in metadata.tables.values()
        if (columns := columns_of(file, table.name)) and not fits(table, columns)
    ]


def own_file(copy, url):
    """Return the learner's database file that an engine of the copy replaces, if it exists."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    file, outside = Path(url.database), copy.scratch / "outside"
    if file.is_relative_to(copy.root):
        file = copy.folder / file.relative_to(copy.root)
    elif file.is_relative_to(outside):
        file = Path(copy.folder.anchor, file.relative_to(outside))
    else:
        return None
    return file if file.is_file() else None


def columns_of(file, table):
    """Return {name: whether it must be given} of the columns of a table, which may be missing."""
    address = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
        try:
            rows = connection.execute(f"PRAGMA table_info({sqlite_name(table)})").fetchall()
        except sqlite3.DatabaseError:  # not a database, or a broken one: the app will say so
            return {}
    return {
        name: bool(must) and default is None and not key for _, name, _, must, default, key in rows
    }


def sqlite_name(name):
    """Return a name between quotes, as SQL wants it."""
    return '"' + name.replace('"', '""') + '"'


def fits(table, columns):
    """Say whether the model can read and write a table with these columns."""
    wanted = set(table.columns.keys())
    return wanted <= set(columns) and not any(
        must and n not in wanted for n, must in columns.items()
    )


def sentence(file, table, columns):
    """Say which columns differ, and how to start over."""
    wanted = set(table.columns.keys())
    lacks, more = sorted(wanted - set(columns)), sorted(set(columns) - wanted)
    differs = [f"no column {', '.join(lacks)}"] if lacks else []
    differs += [f"a column {', '.join(more)} that the model doesn't have"] if more else []
    return (
        f"{file} is older than your model: its table {table.name} has {' and '.join(differs)}. "
        "create_all() never changes a table."
    )


def main(file):
    """Print what is wrong with the databases of the app in this file, and how to start over."""
    quiet = contextlib.redirect_stdout(io.StringIO())  # what the app prints is not asked for
    with opened(file) as copy, quiet:
        found = attempt(outdated, copy).value if copy.load().value else None
    for words in found or []:
        print(words)
        print(start_over(Path(file).parent))


def start_over(folder):
    """Say how to start over, as one types it in the workbook's folder."""
    typed = "py" if sys.platform == "win32" else "python3"
    name = folder.relative_to(ROOT).as_posix() if folder.is_relative_to(ROOT) else folder
    return f"To start over: {typed} workbook.py reset {name}"


if __name__ == "__main__":
    main(sys.argv[1])
