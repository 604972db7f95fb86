"""The context of an error: the learner's line where it happened, and what was seen before."""

import re
from functools import cached_property
from pathlib import Path

from workbench.attempt import stack_of
from workbench.frames import frames_of
from workbench.suggest import suggestion
from workbench.tags import has_one_left_over


class Scene:
    """An error, the app in which it happened, and the visit during which it did."""

    def __init__(self, error, copy, page=None):
        """Look at an error of an app; `page` is what the visitor got, if there was one."""
        self.error, self.copy, self.page = error, copy, page

    def sees(self, observations):
        """Say whether all of these are true; their names are those that hints.toml uses."""
        return all(OBSERVATIONS[name](self) for name in observations)

    @cached_property
    def places(self):
        """(file, line number) of the learner's own lines that the error came through."""
        stack = [(Path(name), number) for name, number in stack_of(self.error)]
        return [place for place in stack if place[0].is_relative_to(self.copy.root)]

    @cached_property
    def frames(self):
        """(frame, line number, instruction) of the learner's own functions on the way."""
        root = self.copy.root
        return [one for one in frames_of(self.error) if is_below(one[0].f_code.co_filename, root)]

    @cached_property
    def code(self):
        """The learner's line where the error happened, or an empty string."""
        if not self.places:
            return ""
        file, number = self.places[-1]
        lines = text_of(file).splitlines()
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""

    @cached_property
    def is_own(self):
        """Whether the learner's line itself raised the error, and not a library below it."""
        stack = stack_of(self.error)
        return bool(self.places) and self.places[-1] == (Path(stack[-1][0]), stack[-1][1])

    @cached_property
    def calls_own_function(self):
        """Whether the function that the error names is one of the learner's."""
        name = re.search(r"(\w+)\(\)", str(self.error))
        return bool(name) and any(
            re.search(rf"\bdef {name[1]}\b", text_of(file)) for file in self.files
        )

    @cached_property
    def asked(self):
        """The question after a close name, or an empty string."""
        return suggestion(self.error)

    @cached_property
    def files(self):
        """The learner's files of Python, loaded or not."""
        return sorted(self.copy.root.rglob("*.py"))

    @property
    def deeds(self):
        """What the app did during the visit, or None."""
        return self.page.deeds if self.page else None


def is_below(name, folder):
    """Say whether a file lies in a folder."""
    return Path(name).is_relative_to(folder)


def text_of(file):
    """Return the text of a file, whatever its encoding, or an empty string."""
    return file.read_text("utf-8", "backslashreplace") if file.is_file() else ""


def quotes_are_odd(code):
    """Say whether a line has a quote without a partner."""
    code = re.sub(r"\\.|#.*", "", code)
    return any(code.count(quote) % 2 for quote in ("'", '"'))


def is_indented_in_two_ways(scene):
    """Say whether some lines of the file begin with a tab, and others with a space."""
    text = text_of(scene.places[-1][0]) if scene.places else ""
    return bool(re.search("^\t", text, re.M) and re.search("^ +[^\t ]", text, re.M))


def has_stray_self(scene):
    """Say whether the function that the error names has self as first name, and is in no class."""
    name = re.match(r"(\w+)\(\)", str(scene.error))
    pattern = rf"^def {name[1]}\(self\b" if name else "$^"
    return any(re.search(pattern, text_of(file), re.M) for file in scene.files)


OBSERVATIONS = {
    "has self outside of a class": has_stray_self,
    "tabs and spaces": is_indented_in_two_ways,
    "a tag is left over": lambda scene: has_one_left_over(scene.error),
    "a quote is alone": lambda scene: quotes_are_odd(scene.code),
    "no close name": lambda scene: not scene.asked,
    "not a function of yours": lambda scene: not scene.calls_own_function,
    "called by a library": lambda scene: scene.error.__traceback__ and not scene.frames,
}
