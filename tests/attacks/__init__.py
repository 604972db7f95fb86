"""Attacks on an app with a login, in the chapters in which an app grows."""

from attacks import (
    getting_back_in,
    guessing,
    logins_that_end,
    names,
    open_browsers,
    other_users,
    requests_that_others_forge,
    secrets_and_settings,
    what_is_left_behind,
    where_a_login_leads,
)

__all__ = ["open_browsers", "other_users"]  # whose attacks end the chapters 3 and 2
MODULES = (
    secrets_and_settings,
    requests_that_others_forge,
    logins_that_end,
    guessing,
    names,
    where_a_login_leads,
    what_is_left_behind,
    getting_back_in,
)
CHAPTERS = [module.chapter for module in MODULES]
ATTACKS = {one.name: one for chapter in CHAPTERS for one in chapter.attacks}
