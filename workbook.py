"""Run the workbook on a machine that has nothing but Python.

    python3 workbook.py run                  see the app in your browser
    python3 workbook.py run 3                see it as step 3 leaves it
    python3 workbook.py run my_app           see yours (--port 8000 for another port)
    python3 workbook.py test                 check the steps, the app, the notebooks
    python3 workbook.py test all             check the workbook itself, too
    python3 workbook.py test 3               check step 3
    python3 workbook.py test 3 my_app        check your app against it (--hints for a hint)
    python3 workbook.py test my_app          check it step by step, up to the first not done
    python3 workbook.py diff 3               see what step 3 adds
    python3 workbook.py diff 3 my_app        compare your app with step 3
    python3 workbook.py reset my_app         start over with an empty database
    python3 workbook.py lab                  open the notebooks

The first use installs packages into the folder .venv; later uses start at once. Options
behind the names go to pytest. On Windows, type `py` in place of `python3`.
"""

import filecmp
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
WINDOWS = sys.platform == "win32"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
STEPS = sorted(path for path in ROOT.glob("steps/0*") if path.is_dir())
FINAL = ROOT / "final"
CHAPTERS = [*STEPS, *([FINAL] if (FINAL / "app.py").is_file() else [])]
STEPS_ARE = f"The steps are {', '.join(chapter.name for chapter in CHAPTERS)}."
MAKER = f"{sys.base_prefix} {sys.version_info[0]}.{sys.version_info[1]}"
OLDEST = (3, 11)
PORT = 5000
DATABASES = (".db", ".sqlite", ".sqlite3")
NOTHING = "/dev/null"  # git knows it on Windows, too
QUIET = "import sys;sys.excepthook=lambda *e: e[0] is KeyboardInterrupt or sys.__excepthook__(*e)"


class Stop(Exception):
    """Something that the person at the keyboard can put right; the text says what."""


# The verbs: each takes the words behind it and returns an exit code


def run(words):
    """Start an app in development mode."""
    names, port = take_port(words)
    if len(names) > 1:
        raise Stop("run takes one step or one folder.")
    app = find(names[0]) if names else [ROOT, *CHAPTERS][-1]
    file = app if app.is_file() else app / "app.py"
    if not file.is_file():
        raise Stop(f"There is no {shown(file)} yet: write it, then run it.")
    install(".")
    if databases(file.parent):
        look_at_databases(file)
    port = port or free_port()
    print(f"Open http://127.0.0.1:{port} in your browser. Ctrl-C stops the app.")
    options = ["--debug", "--port", port, *(["--no-debugger"] if app == FINAL else [])]
    return python("flask", "--app", file, "run", *options)


def test(words):
    """Run the tests that the words name."""
    words = sorted(words, key=lambda word: word == "--hints")  # which may stand anywhere
    first = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    names, options = words[:first], words[first:]
    if not names or names == ["all"]:
        return test_workbook(names, options)
    if len(names) > 2:
        raise Stop("test takes a step, a folder, or a step and a folder.")
    *step, last = names
    chapters, mine = [find_step(*step)] if step else STEPS, [f"--app={shown(find(last))}"]
    if not step and find(last) in CHAPTERS:
        chapters, mine = [find(last)], []
    install(".")
    return first_failure(python("pytest", chapter, *mine, *options) for chapter in chapters)


def test_workbook(everything, options):
    """Test every snapshot, final/ and the notebooks; with `everything` the guards, too."""
    notebooks = list(ROOT.glob("notebooks/*.ipynb"))
    install(".", *(["notebooks"] if notebooks else []), *(["tests"] if everything else []))
    runs = [[ROOT / "steps", *CHAPTERS[len(STEPS) :]]]
    runs += [["-p", "nbval", "--nbval", ROOT / "notebooks"]] if notebooks else []
    runs += [[ROOT / "tests"]] if everything else []
    return first_failure(python("pytest", *run, *options) for run in runs)


def diff(words):
    """Show what a step adds, or how an app differs from a step."""
    if len(words) not in (1, 2):
        raise Stop("diff takes a step, or a step and a folder.")
    if not shutil.which("git"):
        raise Stop("diff shows what git sees, and git is not installed here.")
    step, mine = find_step(words[0]), [find(word) for word in words[1:]]
    before = mine[0] if mine else [None, *CHAPTERS][CHAPTERS.index(step)]
    if not mine and before and is_committed(before) and is_committed(step):
        trees = [f"HEAD:{shown(folder)}" for folder in (before, step)]
        return call("git", "diff", *trees, "--", "app.py", "templates")
    return compare(course_files(before) if before else {}, course_files(step))


def reset(words):
    """Move the databases of an app aside, after asking."""
    if len(words) != 1:
        raise Stop("reset takes the folder of an app.")
    app = find(words[0])
    folder = app.parent if app.is_file() else app
    files = databases(folder)
    if not files:
        print(f"There is no database in {shown(folder)}.")
    for file in files:
        aside = name_aside(file)
        print(f"The next start makes an empty database. This one will be {shown(aside)}.")
        if not agreed(f"Move {shown(file)} aside? [y/N] "):
            print("Nothing was moved.")
            return 1
        file.rename(aside)
        print("Done.")
    return 0


def lab(words):
    """Open the notebooks."""
    install(".", "notebooks")
    return python("jupyter", "lab", ROOT / "notebooks", *words)


VERBS = {"run": run, "test": test, "diff": diff, "reset": reset, "lab": lab}


# The databases of an app


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
    """Ask, and say whether the answer is yes; no answer is a no."""
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False


def look_at_databases(file):
    """Say which tables of an app are older than its model; nothing is changed."""
    words = [PYTHON, "-m", "workbench.stale", file]
    looked = subprocess.run(words, cwd=ROOT / "tests", capture_output=True, text=True, check=False)
    if looked.returncode == 0 and looked.stdout.strip():
        print(looked.stdout.strip())
        print(f"To start over: python3 workbook.py reset {shown(file.parent)}")


# What the words mean


def find(word):
    """Return the folder of a step (3, 03, 03_hashing) or of an app, or an app's .py file."""
    path = Path(word).resolve()
    for chapter in CHAPTERS:
        number = chapter.name.partition("_")[0]
        if path == chapter or word in (chapter.name, number, number.lstrip("0")):
            return chapter
    if not path.exists():
        raise Stop(f"There is no step and no folder {word}. {STEPS_ARE} A folder is made by mkdir.")
    return path


def find_step(word):
    """Return the folder of a step, by any of its names."""
    step = find(word)
    if step not in CHAPTERS:
        raise Stop(f"{word} is not a step. {STEPS_ARE}")
    return step


def take_port(words):
    """Return the words without --port, and its number or None."""
    words = [p for w in words for p in (w.split("=") if w.startswith("--port=") else [w])]
    if "--port" not in words:
        return words, None
    at = words.index("--port")
    number = " ".join(words[at + 1 : at + 2])
    if not number.isdecimal() or not 0 < int(number) < 65536:
        raise Stop("--port takes a number from 1 to 65535.")
    if is_taken(int(number)):
        raise Stop(f"Port {number} is in use. Choose another one, or leave --port out.")
    return words[:at] + words[at + 2 :], int(number)


def free_port():
    """Return the first port from 5000 on that nobody listens on."""
    port = next(port for port in range(PORT, 65536) if not is_taken(port))
    if port != PORT:
        print(f"Port {PORT} is in use, so the app takes {port}.")
    return port


def is_taken(port):
    """Say whether somebody listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


# What diff compares


def is_committed(folder):
    """Say whether git has the folder in its last commit; a ZIP download has no commits."""
    command = ["git", "rev-parse", "--quiet", "--verify", f"HEAD:{shown(folder)}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def course_files(app):
    """Return {name: path} of what a learner writes: app.py and the templates."""
    folder, main = (app.parent, app) if app.is_file() else (app, app / "app.py")
    pages = [(path.relative_to(folder).as_posix(), path) for path in folder.glob("templates/**/*")]
    return {name: path for name, path in [("app.py", main), *sorted(pages)] if path.is_file()}


def compare(old, new):
    """Show the differences between two sets of files."""
    pairs = [(old.get(name, NOTHING), new.get(name, NOTHING)) for name in sorted({**old, **new})]
    differing = [p for p in pairs if NOTHING in p or not filecmp.cmp(*p, shallow=False)]
    if not differing:
        print("No difference.")
    codes = (call("git", "diff", "--no-index", *pair) for pair in differing)
    return first_failure(code for code in codes if code != 1)  # 1 means: there is a difference


# What is installed


def install(*folders):
    """Bring .venv in line with the requirements.txt of these folders, if it is not already."""
    if not is_whole():
        make_environment()
    for name in folders:
        file, done = ROOT / name / "requirements.txt", stamp(name)
        if read(file) != read(done) or missing(file):
            print(f"Installing the packages of {shown(file)}; this happens once.")
            done.unlink(missing_ok=True)
            if python("pip", "install", "--disable-pip-version-check", "-r", file):
                raise Stop("The packages are not installed; pip says why. Is there a network?")
            done.write_text(read(file), "utf-8")


def missing(file):
    """Return what the file asks for and .venv has not, or has in another version."""
    site = next(VENV.rglob("site-packages"))
    there = {path.stem.lower().replace("_", "-") for path in site.glob("*.dist-info")}
    wanted = re.findall(r"^(\S+)==(\S+)$", read(file), re.M)  # for every system and Python
    return [f"{name} {version}" for name, version in wanted if f"{name}-{version}" not in there]


def is_whole():
    """Say whether .venv was made to its end, by this Python."""
    return read(stamp("python")) == MAKER and PYTHON.exists()


def make_environment():
    """Make .venv, in the place of one that was interrupted or has lost its Python."""
    hint = "This Python makes no virtual environments. On Debian: sudo apt install python3-venv"
    print(f"Making the virtual environment {shown(VENV)}.", flush=True)
    try:
        venv.create(VENV, clear=True, with_pip=True, symlinks=not WINDOWS)
    except (subprocess.CalledProcessError, ValueError) as error:  # the latter: a colon in the path
        raise Stop(str(error) if isinstance(error, ValueError) else hint) from error
    next(VENV.rglob("site-packages")).joinpath("workbook.pth").write_text(QUIET, "utf-8")
    stamp("python").write_text(MAKER, "utf-8")


def stamp(name):
    """Return the file in .venv that says what has been installed; it is written last."""
    return VENV / f"workbook-{name}"


def read(path):
    """Return the text of a file, or nothing where there is none."""
    return path.read_text("utf-8") if path.is_file() else ""


# What is started


def python(module, *words):
    """Run a module with the Python of .venv and return its exit code."""
    return call(PYTHON, "-m", module, *words)


def call(*words):
    """Print a command as one would type it, run it, and return its exit code."""
    typed = [shown(word) for word in words]
    print("+", subprocess.list2cmdline(typed) if WINDOWS else shlex.join(typed), flush=True)
    process = subprocess.Popen([str(words[0]), *typed[1:]], cwd=ROOT)
    try:
        return process.wait()
    except KeyboardInterrupt:  # in a terminal the command has got it, too: let it finish
        end(process)
        raise


def end(process):
    """Wait for a command that was interrupted, and stop it if it does not end by itself."""
    try:
        process.wait(timeout=5)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        process.terminate()
        process.wait()


def first_failure(codes):
    """Return the first exit code that is not 0, and ask for no further one; else 0."""
    return next((code for code in codes if code), 0)


def shown(word):
    """Return a path as one types it in the workbook's folder, and any other word as it is."""
    if isinstance(word, Path) and word.is_relative_to(ROOT):
        return word.relative_to(ROOT).as_posix()
    return str(word)


def main(words):
    """Do what the words say and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a Windows console lacks many letters
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing it started outlives it
    verb, *others = words or ["help"]
    try:
        if verb in VERBS:
            return VERBS[verb](others)
        if verb not in ("help", "-h", "--help"):
            raise Stop(f"There is no {verb}. Try one of: {', '.join(VERBS)}, help.")
        print(__doc__.strip())
        return 0
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename or ROOT}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
        return 0 if verb in ("run", "lab") else 130


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        sys.exit("The workbook needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")
    sys.exit(main(sys.argv[1:]))
