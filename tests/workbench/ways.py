"""Check that visitors find their way: titles, and links that lead where they say."""

import re
from urllib.parse import urljoin, urlsplit

from workbench.browser import is_ours
from workbench.forms import parsed, same_path
from workbench.scene import text_of

WORDS = {  # what a link says, and the page that is meant
    "/login": r"(log|sign)[ -]?in\b",
    "/register": r"(register|sign[ -]?up|join|create (an |your )?account)\b",
}
PAGES = ("/", "/register", "/login")
PORTS = (None, 5000)  # of an address, and the one that Flask takes by itself
SENTENCE = "visitors find their way: every page has a title and working links"


def way_through(stranger, member):
    """Return a Finding's words, `kept` among them: what is wrong with the way through the pages."""
    pages = {path: stranger.get(path) for path in PAGES} | {"/welcome": member.get("/welcome")}
    pages = {path: page for path, page in pages.items() if page.opens()}
    for_members = [address for _, address in links_of(member.get("/"))]
    found = (
        untitled(pages)
        or dead_end(pages)
        or wrong_link(pages, stranger)
        or out_of_reach(pages, for_members)
    )
    want = "a title, links that work, and a way to register and to log in from the home page"
    words = {"sentence": SENTENCE, "kept": not found, "want": want, "read": "04_views#templates"}
    return words | (found or {"got": ""})


def untitled(pages):
    """Say which page lacks a title that most of the others have."""
    titles = {path: title_of(page) for path, page in pages.items()}
    without = [path for path, title in titles.items() if not title]
    if not without or len(without) > len(titles) / 2:
        return None
    hint = "The other pages have one. What do they extend, and what does this view return?"
    page, got = pages[without[0]], no_title(without[0])
    return {"got": got, "hint": hint, "at": page.template or page, "shared": got}


def no_title(path):
    """Say that a page lacks a title; what else that page lacks may have the same reason."""
    return f"GET {path} has no title"


def title_of(page):
    """Return the words in the title of a page, or nothing."""
    title = parsed(page.html).find("title")
    return title.get_text(strip=True) if title else ""


def dead_end(pages):
    """Name the page that has no link to another page, although the others have some."""
    stuck = [path for path, page in pages.items() if not links_of(page) and not page.forms]
    if not stuck or not any(links_of(page) for page in pages.values()):
        return None
    page = pages[stuck[0]]
    hint = "Where can a visitor go from here without typing an address?"
    got = f"GET {stuck[0]} has neither a link nor a button"
    return {"got": got, "hint": hint, "at": page.template or page}


def links_of(page):
    """Return [(words, address)] of the links of a page to this site."""
    found = []
    for tag in parsed(page.html).find_all("a", href=True):
        address = urljoin(page.address, tag["href"]).partition("#")[0]
        if urlsplit(address).scheme in ("http", "https") and is_ours(address):
            found.append((tag.get_text(" ", strip=True), address))
    return found


def wrong_link(pages, stranger):
    """Say which link leads nowhere, or to another page than its words promise."""
    seen = {}
    for path, page in pages.items():
        for words, address in links_of(page):
            if address not in seen:
                seen[address] = stranger.get(address)
            answer, meant = seen[address], promised(words)
            goal = urlsplit(address).path
            where = {"at": page.template or page, "word": line_of_link(page, words, goal)}
            if urlsplit(address).port not in PORTS:
                got = f'the link "{words}" on {path} leads to {address}'
                return {"got": got, "hint": "Which server is that? See url_for()."} | where
            if answer.status[:1] == "4" and not is_told_elsewhere(answer):
                got = f'the link "{words}" on {path} leads to {goal}: {answer.status}'
                hint = "A link names an address, not a file. See url_for()."
                if "{" in goal:
                    hint = "Jinja puts an address where two braces are. How many are there here?"
                elif answer.status.startswith("405"):
                    hint = "A link sends GET. What sends the POST that this route takes?"
                return {"got": got, "hint": hint, "shared": f"a link to {goal}"} | where
            known = meant in pages and goal in (*PAGES, "/welcome") and not same_path(goal, meant)
            if known and answer.lines != pages[meant].lines:
                got = f'the link "{words}" on {path} leads to {goal}'
                return {"got": got, "hint": "Which view does this link name?"} | where
    return None


def line_of_link(page, words, goal):
    """Return what finds a link in the template of a page: its address, its words, or any link."""
    text = text_of(page.template) if page.template else ""
    found = (one for one in (goal.strip("/"), f">{words}<", words) if one and one in text)
    return re.escape(next(found, "<a"))


def is_told_elsewhere(answer):
    """Say whether a page did not come because of a login that it wants, which others check."""
    return answer.status.startswith("401") or answer.deeds.turned_away


def promised(words):
    """Return the page that the words of a link promise, or None."""
    return next((path for path, pattern in WORDS.items() if re.match(pattern, words, re.I)), None)


def out_of_reach(pages, for_members):
    """Say which page a stranger cannot reach from the home page by links and buttons.

    That is no fault where the site leaves one of them to its address, for members, too.
    """
    if "/" not in pages or not any(links_of(page) for page in pages.values()):
        return None
    after = {"/register": "/login", "/login": "/welcome"}  # where their buttons lead
    reached, more = set(), ["/"]
    while more:
        path = more.pop()
        if path not in reached:
            reached.add(path)
            page = pages.get(path)
            goals = [urlsplit(address).path for _, address in links_of(page)] if page else []
            if page and page.password_form():
                goals += [page.path, after.get(page.path, "")]
            more += [known for goal in goals for known in PAGES if same_path(goal, known)]
    missing = [path for path in ("/register", "/login") if path not in reached]
    hidden = [path for path in missing if any(same_path(path, one) for one in for_members)]
    missing = hidden or missing if len(missing) > 1 else hidden
    if not missing:
        return None
    hint = "Who sees the link to it? A visitor without a login needs it most."
    page = pages["/"]
    got = f"from the home page no link or button leads a stranger to {missing[0]}"
    return {"got": got, "hint": hint, "at": page.template or page}
