"""Put aside what Python can't read, so that a syntax error costs only what it breaks."""

import ast
import re

MOST = 5  # times for one file
DEF = re.compile(r"(\s*)(?:async )?def +(\w+)")


def mend(folder):
    """Mend the Python files below a folder; return a sentence for each thing put aside."""
    return [words for file in sorted(folder.rglob("*.py")) for words in mend_file(file, folder)]


def mend_file(file, folder):
    """Do so with one file, which is left as it is where that does not help."""
    try:
        lines, told = file.read_text("utf-8").split("\n"), []
    except (OSError, UnicodeDecodeError):  # what is wrong there, the checks say
        return []
    name = file.relative_to(folder).as_posix()
    for _ in range(MOST):
        error = unreadable(lines)
        if error is None:
            break
        first, last, lines = without_function(lines, error) or without_block(lines, error)
        told.append(
            f"SyntaxError in {name}, line {error.lineno}: {error.msg}. "
            f"The checks ran without lines {first} to {last}."
        )
    if not told or unreadable(lines) or not any(lines):
        return []
    file.write_text("\n".join(lines), "utf-8")
    return told


def unreadable(lines):
    """Return the SyntaxError of some code, or None."""
    try:
        ast.parse("\n".join(lines))
    except SyntaxError as error:
        return error if error.lineno else None
    except (ValueError, RecursionError, MemoryError):  # the checks say so, too
        return None
    return None


def number_of(error, lines):
    """Return the number of the line where an error is; what a line lacks is noticed below it."""
    said = re.search(r"on line (\d+)$", error.msg)
    return min(int(said[1]) if said else error.lineno, len(lines))


def without_function(lines, error):
    """Return first and last line of the function that an error is in, and the lines without it.

    The function is still there, and raises the error. None where there is no such function.
    """
    number = number_of(error, lines)
    starts = [n for n in range(1, number + 1) if DEF.match(lines[n - 1])]
    if not starts:
        return None
    first = starts[-1]
    indent, name = DEF.match(lines[first - 1]).groups()
    last = first
    while last < len(lines) and not re.match(rf"\s{{0,{len(indent)}}}\S", lines[last]):
        last += 1
    while not lines[last - 1].strip():
        last -= 1
    if number > last:
        return None
    stub = f"{indent}def {name}(*args, **kwargs): raise SyntaxError({error.msg!r})"
    lines = [*lines[: first - 1], stub, *[""] * (last - first), *lines[last:]]
    after = unreadable(lines)
    is_better = after is None or number_of(after, lines) > last
    return (first, last, lines) if is_better else None


def without_block(lines, error):
    """Return the same for the top-level block that an error is in: nothing of it is left."""
    first = number_of(error, lines)
    while first > 1 and not begins(lines, first):
        first -= 1
    last = first
    while last < len(lines) and not begins(lines, last + 1):
        last += 1
    return first, last, [*lines[: first - 1], *[""] * (last - first + 1), *lines[last:]]


def begins(lines, number):
    """Say whether a top-level block begins in this line; decorators belong to what is below."""
    before = lines[number - 2] if number > 1 else ""
    return bool(re.match(r"[^\s#)\]}]", lines[number - 1])) and not before.startswith("@")
