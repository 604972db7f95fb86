"""Values that a visitor can send although no link and no form of the app sends them."""

import ast
import functools
import itertools
import re
from urllib.parse import urlencode

from workbench.attempt import attempt

NAMES = (  # each of them may be refused; if it is stored, it can log in
    *(" mary ", "\u0141ukasz \U0001f33c@../o'Rene\u0301"),
    *("m" * 60, "%d {mary} {0} %(x)s"),
)
ODD_WORDS = ("x'", "-1", "", "javascript:x9q")  # of the last one no page may make a link
READS = (  # request.args.get("page") and "page" in request.args
    r"\b{}(?:\.(?:get|getlist|pop)\(|\[) *[\"']([\w-]+)[\"']",
    r"[\"']([\w-]+)[\"'] (?:not )?in request\.{}",
)
IN_ADDRESSES = r"(?:args|values)"
SAYS_YES = ("1", "yes", "true", "on", "POST", "logout", "delete", "confirm")
MOST = 20  # addresses for one page, passwords for one user


def asked_for(copy, where):
    """Return the names under which the learner's files look something up in a part of requests."""
    patterns = [pattern.format(where) for pattern in READS]
    found = (re.findall(one, text) for _, text in copy.texts() for one in patterns)
    return sorted(set(itertools.chain.from_iterable(found)))


def words_in(copy):
    """Return the short texts between quotes in the learner's Python."""
    code = (text for file, text in copy.texts() if file.suffix == ".py")
    return sorted(set().union(*map(short_texts, code)))


@functools.cache
def short_texts(code):
    """Return the short texts between quotes in Python code."""
    tree = attempt(ast.parse, code).value
    words = (
        {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)} if tree else ()
    )
    return {word for word in words if isinstance(word, str) and 0 < len(word) < 40}


def words_beside(copy, pattern):
    """Return those of the short texts that are in a line which fits a regular expression."""
    lines = [line for _, text in copy.texts() for line in text.splitlines()]
    near = "\n".join(line for line in lines if re.search(pattern, line))
    return [word for word in words_in(copy) if word in near][:MOST]


def odd_addresses(copy, path):
    """Yield addresses of a page with an odd word for each parameter that the app looks at."""
    if names := asked_for(copy, IN_ADDRESSES):
        yield from (f"{path}?{urlencode(dict.fromkeys(names, word))}" for word in ODD_WORDS)


def asking_addresses(copy, path):
    """Yield addresses that ask a page to do something, in every word that the app may know."""
    names, words = asked_for(copy, IN_ADDRESSES), SAYS_YES
    if names:
        known = [word for word in words_in(copy) if re.fullmatch(r"\w+", word)]
        words = dict.fromkeys([*SAYS_YES, *known[: MOST - len(SAYS_YES)]])
    names = names or ("_method", "confirm", "action")
    for word in words:
        yield f"{path}?{urlencode(dict.fromkeys(names, word))}"


def send_oddities(browser, copy, paths):
    """Open pages with odd words in their addresses, and in the cookies that the app reads."""
    for path in paths:
        for address in odd_addresses(copy, path):
            browser.get(address)
    for name in asked_for(copy, "cookies"):
        browser.client.set_cookie(name, "{x")
        for path in paths:
            browser.get(path)
        browser.client.delete_cookie(name)
