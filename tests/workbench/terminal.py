"""How a program that prints for people begins and ends."""

import os
import sys


def run(main):
    """End the process with the code that main() returns for the words of the command line.

    What a console cannot show is printed as escapes, as some letters on Windows; where the reader
    of the output has gone, as head does, the program ends without a word.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes at its end
        code = 1
    sys.exit(code)
