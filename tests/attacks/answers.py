"""Two answers of a login page, to a name that exists and to one that doesn't, compared."""

import re
from collections import Counter

from attacks.places import At

HAS = {
    "says": "says",
    "leads": "leads to",
    "sets": "sets the cookie",
    "drops": "drops the cookie",
    "has": "has the header",
}
WORDS = 30  # letters, by which a line is found that may be broken after them
FEW, TRIES = 3, 12  # which show what an answer is like: one that stays, one that changes by itself


def named(told):
    """Return patterns for the line that says what is told, or that sets this cookie."""
    words = re.search(r'(says|cookie) "(.+)"', told)
    pieces = re.split(r"NAME|#", words[2]) if words else [""]
    longest = re.escape(max(pieces, key=len)[:WORDS].strip())
    return [At("/login", longest), longest] if longest else [At("/login", r"check_password\(")]


def told_apart(target, names, passwords):
    """Return (after how many passwords, what tells a known name from an unknown one), or None."""
    seen = ([], [])
    for password in passwords:
        for name, facts in zip(names, seen, strict=True):
            facts.append(read(target.log_in(name, password), name))
        if len(seen[0]) >= FEW and is_over(*seen):
            break
    for fact, is_known in only_for_one(*seen):
        which = seen[not is_known]
        number = next(n for n, facts in enumerate(which) if fact in facts)
        return number, told(fact, is_known, seen[is_known][number][0])
    return None


def is_over(known, unknown):
    """Say whether all has been seen: the answers differ, or have changed alike by a lock."""
    differ = len({*known}) == len({*unknown}) == 1 and {*known[0]} != {*unknown[0]}
    alike = known[-FEW:] == unknown[-FEW:]
    return differ or (alike and known[0] not in known[-FEW:] and unknown[0] not in unknown[-FEW:])


def told(fact, is_known, other):
    """Say what the answer for one of the names is, has or says, and not that for the other one."""
    names = ("a name that exists", "an unknown name")
    one, another = names if is_known else names[::-1]
    kind, words = fact
    if kind == "status":
        return f"the answer is {words} for {one}, and {other[1]} for {another}"
    return f'the answer {HAS[kind]} "{words}" for {one}, and never for {another}'


def read(page, name):
    """Return what an answer is, says, sets and has, with the name and numbers masked."""

    def masked(words):
        return re.sub(r"\d+", "#", re.sub(re.escape(name), "NAME", words, flags=re.I))

    status = page.hops[0][0] if page.hops else page.status or str(page)
    cookies = {one.partition(";")[0].partition("=")[::2] for one in page.set_cookies}
    return (
        ("status", status),
        *(("leads", masked(where)) for _, where in page.hops),
        *(("says", masked(line)) for line in page.lines),
        *sorted(("sets" if value else "drops", masked(one)) for one, value in cookies),
        *(("has", one) for one in sorted({*page.headers.keys()})),
    )


def only_for_one(known, unknown):
    """Yield (a fact, whether it is of the known name) for what only one of the two has.

    Where pages change by themselves, as by a tip of the day, it has to come more than once.
    """
    least = 3 if min(len({*known}), len({*unknown})) > 3 else 1
    counts = [Counter(fact for facts in one for fact in facts) for one in (known, unknown)]
    for is_known, (one, other) in ((True, counts), (False, counts[::-1])):
        for fact, count in one.items():
            if count >= least and not other[fact]:
                yield fact, is_known
