"""Guard: who types into step 5 what the chapters print has an app that stops every attack."""

import re
import shutil
from functools import cache

import pytest
from attacks import ATTACKS, CHAPTERS
from attacks.lab import Lab
from attacks.verdicts import FAILS, NOT_THERE
from examiner import STEPS, sit
from mistakes import course_files
from readmes import FINAL
from typist import TITLED, Listing, type_in


def parts(chapter):
    """Return {name of an attack: listings of its section that say where they go}."""
    text = (FINAL / "chapters" / chapter.file).read_text("utf-8")
    headings = re.split(r"^## (.+)\n", text, flags=re.M)[1:]
    told = dict(zip(headings[::2], headings[1::2], strict=True))
    return {
        one.name: [Listing(*found.groups()) for found in TITLED.finditer(told[one.title])]
        for one in chapter.attacks
    }


PARTS = {name: part for chapter in CHAPTERS for name, part in parts(chapter).items()}


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    """The app of a reader after each section: {name of its attack: folder}."""
    folder = tmp_path_factory.mktemp("reader") / "my_app"
    for name, text in course_files(STEPS[-1]).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    folders, latest = {}, folder
    for attack, listings in PARTS.items():
        for listing in listings:
            type_in(listing, folder)
        if listings:
            latest = folder.with_name(f"after_{attack}")
            shutil.copytree(folder, latest)
        folders[attack] = latest
    return folders


@cache
def lab(folder):
    """Return a lab that has used the app in a folder honestly."""
    made = Lab(folder)
    unmet = made.look()
    assert unmet is None, unmet
    return made


@pytest.mark.parametrize("name", PARTS)
def test_a_section_stops_its_attack(name, typed):
    """Typed from top to bottom, and no further than its end; its feature may come later."""
    verdict = lab(typed[name]).attack(ATTACKS[name])

    assert verdict.kind == FAILS or (verdict.kind == NOT_THERE and not PARTS[name]), verdict


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.title)
def test_the_checks_pass_after_each_chapter(chapter, typed):
    """All 37: what a defense changes is not what the steps have promised."""
    sitting = sit(STEPS, typed[chapter.attacks[-1].name])

    assert sitting.code == 0, "\n\n".join(sitting.messages.values()) or sitting.output
    assert len(sitting.of("passed")) == 37


def test_the_app_at_the_end_stops_every_attack(typed):
    """What a later section changes opens no door that an earlier one has shut."""
    last = lab(typed[[*PARTS][-1]])
    verdicts = {name: last.attack(one) for name, one in ATTACKS.items()}

    assert {name: one for name, one in verdicts.items() if one.kind != FAILS} == {}
