"""A browser on https, its cookies, and what other people's pages can make it do."""

import re
from urllib.parse import urlencode, urljoin

from workbench.attempt import StillRunning
from workbench.browser import Browser
from workbench.forms import kind_of

from attacks.verdicts import NotReadyError, fails, succeeds

SITE = "https://localhost"
EVIL, NEIGHBOR = "https://evil.example", "https://localhost:8443"
TYPED = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ORIGINS = {  # of a page elsewhere that sends a form: the headers that a browser adds
    "a page on another site": {
        "Origin": EVIL,
        "Referer": f"{EVIL}/",
        "Sec-Fetch-Site": "cross-site",
    },
    "a page on another site that hides its address": {
        "Origin": "null",
        "Sec-Fetch-Site": "cross-site",
    },
    "a page on another port of the same machine": {
        "Origin": NEIGHBOR,
        "Referer": f"{NEIGHBOR}/",
        "Sec-Fetch-Site": "same-site",
    },
    "a page on another port of the same machine that hides its address": {
        "Origin": "null",
        "Sec-Fetch-Site": "same-site",
    },
}
REMEMBER = re.compile(r"remember|stay|keep|angemeldet", re.I)


class Visitor(Browser):
    """A visitor over https, with an address and the headers of a browser."""

    home = SITE

    def get(self, path, follow=True, **headers):
        """Open a page as if its address was typed; an app that hangs cannot be attacked."""
        return super().get(path, follow, **(TYPED | headers))

    def _open(self, *args, **kwargs):
        page = super()._open(*args, **kwargs)
        if isinstance(page.error, StillRunning):
            raise NotReadyError("each request is answered", page, "steps/01_setup/README.md#stuck")
        return page

    def cookies(self):
        """Return the cookies that the browser holds."""
        return [one for one in self.client._cookies.values() if one.value]

    def keep(self, cookies):
        """Take over the cookies of another browser; return this one."""
        self.client._cookies |= {one._storage_key: one for one in cookies}
        return self

    def greets(self, name):
        """Say whether /welcome greets this user here."""
        return self.get("/welcome").greets(name)

    def send(self, form, data, method="", **how):
        """Send this as a form, or by the other method; return the page that answers."""
        if (method or form.method) == "GET":
            return self._open("GET", urljoin(form.action, f"?{urlencode(data)}"), **how)
        return self._open("POST", form.action, data, form.encoding, **how)

    def sent_by(self, where, form, data, is_login=False, method=""):
        """Let a page elsewhere send this form, with the cookies that a browser sends along.

        Only where it is about a login do new cookies replace those that were not sent.
        """
        headers, stays = ORIGINS[where], {}
        if headers["Sec-Fetch-Site"] == "cross-site":
            sent = ("None", "Lax") if (method or form.method) == "GET" else ("None",)
            held = self.client._cookies
            stays = {k: v for k, v in held.items() if (v.same_site or "None") not in sent}
            self.client._cookies = {k: v for k, v in held.items() if k not in stays}
        self.address = None  # a page that hides its address sends no Referer, not an empty one
        page = self.send(form, data, method, headers=headers, follow=False)
        new = self.client._cookies
        self.client._cookies = stays | new if is_login else new | stays
        return page


def outliving(cookies):
    """Return the cookies that are still there when the browser is opened again."""
    return [one for one in cookies if one.max_age or one.expires]


def names_of(cookies):
    """Return the names of cookies, for a message."""
    return ", ".join(one.key for one in cookies) or "no cookie"


def put_back(target, cookies, how):
    """Try the victim's cookies in another browser; return the verdict."""
    if target.thief(cookies).greets(target.ada):
        return succeeds(f"{names_of(cookies)} {how}")
    return fails()


def remember_box(form):
    """Return the name and value of the checkbox that keeps a login, as a dict: empty without."""
    for field in form.fields:
        label = form.tag.find("label", attrs={"for": field.get("id")}) if field.get("id") else None
        around = label or field.find_parent("label")
        words = f"{field.get('name')} {around.text if around else ''}"
        if kind_of(field) == "checkbox" and field.get("name") and REMEMBER.search(words):
            return {field["name"]: field.get("value", "on")}
    return {}


def hidden_names(form):
    """Return the names of the fields that people do not see."""
    return {field.get("name") for field in form.fields if kind_of(field) == "hidden"}


def forgeries(form, values):
    """Yield (which token is sent, data): what an attacker's page may send as this form.

    The form is one that the attacker has got on this site, with a token of their own.
    """
    data, hidden = form.filled_in(values, by_hand=False), hidden_names(form)
    yield "without a token", [(name, value) for name, value in data if name not in hidden]
    if hidden:
        yield "with the attacker's own token", data
        yield "with an empty token", [(n, "" if n in hidden else v) for n, v in data]
