"""Links for a new password: asked for by a command, followed as their owner follows them."""

import re
from urllib.parse import urljoin, urlsplit

from workbench.forms import parsed

from attacks.features import READ, is_known, names_in
from attacks.verdicts import NotThereError, require

LINK = re.compile(
    r"(?<![\w/.-])(https?://[^\s/\"'<>]+)?(/[^\s\"'<>\u201d\u2019]+)"
)  # also in a sentence
MOST = 3  # pages on the way to the form, as that of a button against programs that open links


class ResetLinks:
    """What is done with links for a new password: a part of Target."""

    def reset_link(self, name=""):
        """Return the path of a new link for a new password."""
        group = self.app.cli.commands.get("users")
        if "reset-link" not in getattr(group, "commands", {}):
            raise NotThereError("a reset link")
        output, failure = self.ran("users", "reset-link", name or self.ada)
        found = sorted(LINK.findall(output), key=lambda one: not one[0])  # with a host first
        seen = failure or output.strip() or "no output"
        require(found, "`flask users reset-link NAME` prints a link", seen, READ)
        parts = urlsplit(found[0][1].rstrip(".,;:!?)"))
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def reset_form(self, link, browser, name=""):
        """Open a link, go on past pages without a password; return (page, its form or None)."""
        page = browser.get(link)
        for _ in range(MOST):
            form = page.password_form()
            if form:
                return page, None if is_known(form) else form
            onward = [one for one in page.forms if one.can_be_sent() and not is_known(one)]
            if onward:
                page = browser.submit(onward[0], **names_in(onward[0], name or self.ada))
            elif further := link_on(page, link):
                page = browser.get(further)
            else:
                break
        return page, None

    def use_link(self, link, password, name=""):
        """Open a link, choose a new password, and return the page that answers."""
        browser = self.visitor()
        page, form = self.reset_form(link, browser, name)
        typed = names_in(form, name or self.ada) if form else {}
        return browser.submit(form, by_hand=False, **typed, password=password) if form else page

    def reset(self, link, password, name=""):
        """Use a link honestly: it has to work."""
        page = self.use_link(link, password, name)
        promise = "after a reset link is used, the new password logs you in"
        require(self.is_in(name, password), promise, page, READ)
        return page


def link_on(page, link):
    """Return the address of a link on the page that holds the same token, or None."""
    token = max(re.findall(r"[\w.~%-]+", link), key=len)
    there = [urljoin(page.base, one["href"]) for one in parsed(page.html).find_all("a", href=True)]
    return next((one for one in there if token in one and not one.endswith(link)), None)
