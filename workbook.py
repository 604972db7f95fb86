"""Run the workbook with nothing but Python installed.

    python3 workbook.py run                  see the app in your browser
    python3 workbook.py run 3                see it as step 3 leaves it
    python3 workbook.py run my_app           see yours (--port 8000 for another port)
    python3 workbook.py test                 check the steps, the app, the notebooks
    python3 workbook.py test all             check the workbook itself, too
    python3 workbook.py watch my_app         check your app at each save, in one window
    python3 workbook.py test my_app          check it once: how far is it, and what comes first?
    python3 workbook.py test 3 my_app        check it against step 3 (--hints for a hint,
                                             --your-turn for its task, too)
    python3 workbook.py test 3               check our step 3
    python3 workbook.py test steps           check all five snapshots
    python3 workbook.py attack my_app        attack it: what does it not withstand yet? (one
                                             attack: attack my_app replay)
    python3 workbook.py diff 3               see what step 3 adds
    python3 workbook.py diff 3 my_app        compare your app with step 3
    python3 workbook.py reset my_app         start over with an empty database
    python3 workbook.py lab 2                open lab 2 as a copy of your own (--fresh: a new one)
    python3 workbook.py grade FOLDER         check the apps of a class, one in each sub-folder

The first run installs packages into the folder .venv; later runs start at once. Options
of pytest may follow: -v shows all messages, -s what the app prints, -x stops at the first
failure. On Windows, type `py` in place of `python3`.
"""

import difflib
import os
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
sys.path.append(str(ROOT / "tests"))  # of its modules those that need no packages are used here
MAKER = f"{sys.base_prefix} {sys.version_info[0]}.{sys.version_info[1]}"
OLDEST = (3, 11)
PORT = 5000
OURS = ("--hints", "--your-turn")
OPTIONS = """
    -h --help -v -vv -q -s -x -k -m -p -o -l -r -W --lf --ff --sw --tb --junitxml --pdb
    --co --durations --maxfail --color --capture --no-header --cache-clear --collect-only
""".split()
OPTIONS += OURS
ENDED = ROOT / ".pytest_cache/v/workbook/ended"  # each run writes it again when it ends
SIZES = {".": "90 MB, a minute", "notebooks": "420 MB, some minutes", "tests": "230 MB, a minute"}
UNUSED = 4  # pytest's exit code for words that it does not understand; it says so itself
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
        raise Stop(f"{shown(file)} doesn't exist yet. Write it first, then run it.")
    install(".")
    look_at_databases(file)
    port = port or free_port()
    print(f"Open http://127.0.0.1:{port} in your browser. Ctrl-C stops the app.")
    options = ["--debug", "--port", port, *(["--no-debugger"] if app == FINAL else [])]
    return python("flask", "--app", file, "run", *options)


def test(words):
    """Run the tests that the words name."""
    names, options = take_options(words)
    if not names or names == ["all"]:
        return test_workbook(names, options)
    apps = [name for name in names if not is_step(name)]
    steps = [name for name in names if is_step(name)]
    if len(names) > 2 or len(apps) > 1:
        raise Stop("test takes a step, a folder, or a step and a folder.")
    steps, apps = steps[:1], apps or steps[1:]  # one of our steps may be the app, too
    if apps and steps and find(*steps) == FINAL:
        mine = f"python3 workbook.py attack {apps[0]}"
        raise Stop(f"The tests of final fit only our own app. To run its attacks on yours: {mine}")
    chapter = ROOT / "steps" if steps in ([], ["steps"]) else find(*steps)
    app = [f"--app={shown(find(*apps))}"] if apps else []
    install(".")
    return sit(chapter, *app, *options)


def test_workbook(everything, options):
    """Test every snapshot, final/ and the notebooks; with `everything` the guards, too."""
    notebooks = list(ROOT.glob("notebooks/*.ipynb"))
    install(".", *(["notebooks"] if notebooks else []), *(["tests"] if everything else []))
    runs = [[ROOT / "steps", *CHAPTERS[len(STEPS) :]]]
    runs += [["-p", "nbval", "--nbval", ROOT / "notebooks"]] if notebooks else []
    runs += [[ROOT / "tests"]] if everything else []
    return first_failure(sit(*run, *options) for run in runs)


def sit(*words):
    """Run pytest; a run that has not come to its end has failed, and says so."""
    before, code = read(ENDED), python("pytest", *words)
    is_noted = os.access(ROOT, os.W_OK) and "no:cacheprovider" not in words
    if read(ENDED) != before or code == UNUSED or not is_noted:
        return code
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    print(f"The run ended without a report ({how}), so nothing was checked.", file=sys.stderr)
    return code or 1


def watch(words):
    """Check an app at each save."""
    names, options = take_options(words)
    if len(names) > 1 or options:
        raise Stop("watch takes one folder.")
    mine = find(*names) if names else ROOT / "my_app"
    install(".")
    return python(ROOT / "tests/watch.py", mine)


def attack(words):
    """Run the attacks on an app, or those that the words behind it name."""
    app, *names = words or ["my_app"]
    if app.startswith("-"):
        raise Stop("attack takes a step or a folder first: attack my_app replay --hints")
    file = find(app)
    install(".")
    return python(ROOT / "tests/attack.py", file, *with_path(names, "--json"))


def diff(words):
    """Show what a step adds, or how an app differs from a step."""
    if len(words) not in (1, 2):
        raise Stop("diff takes a step, or a step and a folder.")
    if not shutil.which("git"):
        raise Stop("diff needs git, and git is not installed here.")
    folders = [None, *CHAPTERS]
    place = {folder: number for number, folder in enumerate(folders)}
    *mine, step = sorted(map(find, words), key=lambda folder: place.get(folder, 0))
    if step not in CHAPTERS:
        raise Stop(f"{words[0]} is not a step. {STEPS_ARE}")
    before = mine[0] if mine else folders[CHAPTERS.index(step)]
    if not mine and before and is_committed(before) and is_committed(step):
        trees = [f"HEAD:{shown(folder)}" for folder in (before, step)]
        return call("git", "diff", *trees, "--", "app.py", "templates")
    from workbench.differences import course_files, differing
    from workbench.own_data import agreed

    old = course_files(before) if before else {}
    if mine and not old:
        print(f"There is no code in {shown(before)} yet, so this shows all of {step.name}.")
        if not agreed("Show it? [y/N] "):
            return 0
    pairs = differing(old, course_files(step))
    print("" if pairs else "No difference.\n", end="")
    codes = (call("git", "diff", "--no-index", *pair) for pair in pairs)  # 1: there is a difference
    return first_failure(code for code in codes if code != 1)


def reset(words):
    """Move the databases of an app aside, after asking."""
    from workbench.own_data import databases, move_aside

    if len(words) != 1:
        raise Stop("reset takes the folder of an app.")
    app = find(words[0])
    folder = app.parent if app.is_file() else app
    return move_aside(databases(folder), folder, shown)


def lab(words):
    """Open a lab, as a copy of your own."""
    from workbench.labs import asked, jupyter, own_copy

    try:
        path, options = asked(words, ROOT)
    except ValueError as error:
        raise Stop(str(error)) from error
    install(".", "notebooks")
    return python(*jupyter(own_copy(path, "--fresh" in options), options, ROOT))


def grade(words):
    """Check the apps of a class; the first word is the folder that holds them."""
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        raise Stop("grade takes the folder that holds the submissions, then its options.")
    install(".")
    folder = [] if words[0].startswith("-") else [find(words.pop(0))]
    return python(ROOT / "tests/grade.py", *folder, *with_path(words, "--csv"))


VERBS = {one.__name__: one for one in (run, watch, test, attack, diff, reset, lab, grade)}


# What is asked and found


def look_at_databases(file):
    """Say which tables of an app are older than its model; nothing is changed."""
    from workbench.own_data import databases

    if databases(file.parent):
        words = [PYTHON, "-m", "workbench.stale", file]
        subprocess.run(words, cwd=ROOT / "tests", stderr=subprocess.DEVNULL, check=False)


def is_committed(folder):
    """Say whether git has the folder in its last commit; a ZIP download has no commits."""
    command = ["git", "rev-parse", "--quiet", "--verify", f"HEAD:{shown(folder)}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


# What the words mean


def find(word):
    """Return the folder of a step (3, 03, 03_hashing) or of an app, or an app's .py file."""
    paths = [Path(word).resolve(), ROOT / word]
    for chapter in CHAPTERS:
        number = chapter.name.partition("_")[0]
        if chapter in paths or word in (chapter.name, number, number.lstrip("0")):
            return chapter
    for path in filter(Path.exists, paths):
        return path
    if word.isdecimal():
        raise Stop(f"There is no step {word}. {STEPS_ARE}")
    folders = [path.name for place in (Path.cwd(), ROOT) for path in place.glob("[!.]*/")]
    advice = closest(word, [*folders, *(chapter.name for chapter in CHAPTERS)])
    advice = advice or f" {STEPS_ARE} To make a folder: mkdir {word}"
    raise Stop(f"There is no step and no folder {word}.{advice}")


def is_step(word):
    """Say whether the word names a step, or all of them."""
    return word == "steps" or find(word) in CHAPTERS


def closest(word, known):
    """Return a question that names the known word closest to this one, or nothing."""
    close = difflib.get_close_matches(word, known, 1)
    return f" Did you mean {close[0]}?" if close else ""


def take_options(words):
    """Return the names and the options among the words; those of the workbook may be anywhere."""
    words = sorted(words, key=OURS.__contains__)
    first = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    for name in (word.partition("=")[0] for word in words[first:] if word.startswith("-")):
        if name not in OPTIONS and len(name) > 3 and closest(name, OPTIONS):  # -rs is -r s
            raise Stop(f"There is no option {name}.{closest(name, OPTIONS)}")
    return words[:first], words[first:]


def with_path(words, option):
    """Return the words with the path behind an option as seen from the current folder."""
    words = [part for word in words for part in re.split(f"^({option})=", word) if part]
    before = ["", *words]
    return [Path(w).resolve() if b == option else w for b, w in zip(before, words, strict=False)]


def take_port(words):
    """Return the words without --port, and its number or None."""
    words = [p for w in words for p in (w.split("=") if w.startswith("--port=") else [w])]
    wrong = next((word for word in words if word.startswith("-") and word != "--port"), None)
    if wrong:
        raise Stop(f"There is no option {wrong}.{closest(wrong, ['--port'])}")
    if "--port" not in words:
        return words, None
    at = words.index("--port")
    number = " ".join(words[at + 1 : at + 2])
    if not number.isdecimal() or not 0 < int(number) < 65536:
        raise Stop("--port takes a number from 1 to 65535.")
    if is_taken(int(number)):
        raise Stop(f"Port {number} is in use. Choose another one, or leave out --port.")
    return words[:at] + words[at + 2 :], int(number)


def free_port():
    """Return the first port from 5000 on that is not in use."""
    port = next(port for port in range(PORT, 65536) if not is_taken(port))
    if port != PORT:
        print(f"Port {PORT} is in use, so the app uses {port}.")
    return port


def is_taken(port):
    """Say whether a program listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


# What is installed


def install(*folders):
    """Bring .venv in line with the requirements.txt of these folders, if it is not already."""
    if not is_whole():
        make_environment()
    for name in folders:
        file, done = ROOT / name / "requirements.txt", stamp(name)
        if read(file) != read(done) or missing(file):
            print(f"Installing the packages of {shown(file)}, once: {SIZES[name]}.", flush=True)
            done.unlink(missing_ok=True)
            if python("pip", "install", "--disable-pip-version-check", "-r", file):
                raise Stop("The packages are not installed, and pip says why. Are you online?")
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
    """Create .venv; one that is unfinished, or has lost its Python, is replaced."""
    hint = "This Python can't create virtual environments. On Debian: sudo apt install python3-venv"
    print(f"Creating the virtual environment {shown(VENV)}.", flush=True)
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
    """Return the text of a file, or an empty text if it doesn't exist."""
    return path.read_text("utf-8") if path.is_file() else ""


# What is started


def python(module, *words):
    """Run a module, or a file, with the Python of .venv and return its exit code."""
    return call(PYTHON, *([module] if isinstance(module, Path) else ["-m", module]), *words)


def call(*words):
    """Print a command as one would type it, run it, and return its exit code."""
    typed = [shown(word) for word in words]
    print("+", subprocess.list2cmdline(typed) if WINDOWS else shlex.join(typed), flush=True)
    process = subprocess.Popen([str(words[0]), *typed[1:]], cwd=ROOT)
    try:
        return process.wait()
    except KeyboardInterrupt:  # in a terminal the command has got it, too: let it finish
        end(process, patience=5)
        raise
    except SystemExit:  # SIGTERM, which it has not got
        end(process, patience=0)
        raise


def end(process, patience):
    """Wait some seconds for a command that was interrupted, and stop it if it does not end."""
    try:
        process.wait(patience)
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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nothing it started outlives it
    verb, *others = words or ["help"]
    try:
        if verb in VERBS:
            return VERBS[verb](others)
        if verb not in ("help", "-h", "--help"):
            known = f"The commands are: {', '.join(VERBS)}, help."
            raise Stop(f"There is no command {verb}.{closest(verb, VERBS) or ' ' + known}")
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
