"""Make up a link from an own one: with another user in it, signed again, or not signed at all."""

import base64
import contextlib
import re
from itertools import product
from urllib.parse import quote, unquote

from attacks.keys import DIGESTS, HOLE, matching

MARKS = ".:~|$!-_"  # between what is signed and its signature
SWAPPED = "with another name or number in it"


def made_up(link, swaps, words, values):
    """Yield (link, what was done to it), each once: links that may be for another user.

    `swaps` are pairs of own and other texts, `words` may be a key or a salt, `values` are pairs
    of what else the app has given away and what to say of it.
    """
    seen, parts = {link}, pieces(link)
    plain = [dict(swaps).get(unquote(part), part) for part in parts]
    starts = [parts, plain] if plain != parts else [parts]
    for start, place in product(starts, range(0, len(parts), 2)):
        own, before = unquote(start[place]), [unquote(one) for one in parts[:place:2] if one]
        for text, how in [(own, SWAPPED), *forged(own, before, swaps, words), *values] * bool(own):
            other = "".join([*start[:place], quote(text, safe=""), *start[place + 1 :]])
            if other not in seen:
                seen.add(other)
                yield other, how


def pieces(link):
    """Return the parts of a link, and at every odd place what is between them."""
    return re.split(r"(/|[?&](?:\w+=)?)", link)


def forged(own, before, swaps, words):
    """Yield (text, what was done to it) of a text, and of what it encodes as a whole."""
    for text, write in [(own, str), *decoded(own)]:
        for other, how in [*altered(text, swaps), *resigned(text, before, swaps, words)]:
            yield write(other), how


def swapped(text, swaps):
    """Return a text with the other user in it: in one place after the other, and in all."""
    found, whole = [], text
    for own, other in swaps:
        whole, own = re.sub(bounded(own), other, whole), bounded(own)
        places = [*re.finditer(own, text)][:4]
        found += [text[: one.start()] + other + text[one.end() :] for one in places]
    return [one for one in dict.fromkeys([whole, *found]) if one != text]


def bounded(own):
    """Return an expression for a name or a number that is not a part of a longer number."""
    return rf"(?<!\d){re.escape(own)}(?!\d)"


def altered(text, swaps):
    """Yield (text, what was done to it): another user in it, with and without a signature."""
    if text.isdecimal():
        yield str(int(text) - 1), "with the number before its own"
    for other in others(text, swaps):
        yield other, SWAPPED
        for end in {other.rfind(mark) for mark in MARKS} - {-1, 0}:
            yield other[:end], f"{SWAPPED}, and no signature"
            yield other[: end + 1], f"{SWAPPED}, and an empty signature"


def others(text, swaps):
    """Return a text with the other user in what it says, or in what a part of it encodes."""
    found = swapped(text, swaps)
    for marks in (MARKS, MARKS.rstrip("-_")):  # which are letters of base64, too
        parts = re.split(f"([{re.escape(marks)}])", text)
        for place, part in enumerate(parts):
            for said, write in decoded(part):
                start, end = "".join(parts[:place]), "".join(parts[place + 1 :])
                found += [start + write(one) + end for one in swapped(said, swaps)]
    return found


def halves(text):
    """Yield (what is signed, its signature, a pattern for both), in each way a text may be read."""
    yield "", text, "{0}{1}"
    for place, mark in enumerate(text):
        if mark in MARKS:
            yield text[:place], text[place + 1 :], f"{{0}}{mark}{{1}}"
            yield text[place + 1 :], text[:place], f"{{1}}{mark}{{0}}"


def resigned(text, before, swaps, words):
    """Yield (text, what was done to it): signed by a word that has signed the own one, too."""
    for head, sign, pattern in halves(text):
        for raw, encode in signatures(sign):
            for said, write in messages(head, before, swaps):
                for word, signed in matching(said, raw, (words, tuple(swaps)), said == head):
                    shown = word.replace(HOLE, "{}")
                    how = (
                        f"signed again with {shown!r} of the source"
                        if word
                        else "signed again with no key"
                    )
                    for other in others(said, swaps):
                        yield pattern.format(write(other), encode(signed(other))), how


def signatures(sign):
    """Yield (bytes, function that writes others like them) that a text may stand for."""
    for read, write in CODES:
        with contextlib.suppress(ValueError):
            if len(raw := read(sign)) in DIGESTS:
                yield raw, lambda other, write=write: write(other, sign)


def messages(head, before, swaps):
    """Return [(what may have been signed, function that returns the head for another one)]."""
    if head:
        return [(head, str), *decoded(head)]
    joined = {mark.join(before[start:]) for start in range(len(before)) for mark in ("", *MARKS)}
    return [(one, lambda _: "") for one in {own for own, _ in swaps} | joined]


def from_base64(text):
    """Return the bytes that a text in base64 stands for; raises ValueError."""
    usual = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    return base64.b64decode(usual + "=" * (-len(usual) % 4), validate=True)


def bare(raw, like):
    """Return bytes in base64, without padding unless the text that they are to be like has it."""
    written = base64.urlsafe_b64encode(raw).decode()
    return written if "=" in like else written.rstrip("=")


def padded(raw, like):
    """Return bytes in base64, with padding if the text that they are to be like needs none."""
    return bare(raw, "=" if len(like) % 4 == 0 else like)


CODES = (from_base64, bare), (from_base64, padded), (bytes.fromhex, lambda raw, _: raw.hex())


def decoded(text):
    """Return [(what a text says in a usual code, function that returns another one in it)]."""
    found = []
    for read, write in CODES:
        with contextlib.suppress(ValueError):
            if (said := read(text).decode()) and said.isprintable():
                found.append((said, lambda other, write=write: write(other.encode(), text)))
    return found
