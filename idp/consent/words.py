"""Scopes in words that a person understands. Every scope that can be granted has its words here."""

from collections.abc import Iterable

from kernel.i18n import gettext

_ = str  # marks msgids; they are translated when shown

SCOPE_WORDS = {
    "openid": _("Know that it is you, by a number that means nothing elsewhere"),
    "profile": _("See your display name, user name and language"),
    "phone": _("See your phone number"),
    "email": _("See your email address"),
    "realname": _("See your real name and ID number, and the organisations you act for"),
    "organisation": _("See which organisation you act for"),
    "offline_access": _("Keep access while you are away, until you withdraw it"),
    "licence:read": _("Read licences of your organisation"),
    "licence:issue": _("Issue licences in the name of your organisation"),
    "licence:manage": _("Suspend, resume and revoke licences of your organisation"),
    "licence:share": _("Ask for licences that are shared between agencies"),
    "seal:apply": _("Apply for seals"),
    "seal:approve": _("Approve seals"),
    "seal:use": _("Seal documents"),
    "verify:batch": _("Verify many documents at once"),
    "scim": _("Enter and change the people and groups of its agency"),
    "admin:users": _("Manage people, organisations and applications"),
    "admin:security": _("Manage keys and security settings"),
    "admin:audit": _("Read the audit trail"),
    "admin:unit": _("Manage roles in the part of the administration that is yours"),
}


def explain_scopes(scopes: Iterable[str]) -> list[str]:
    """One plain line a scope, in the reader's language and in the order of the table."""
    asked = set(scopes)
    return [gettext(words) for scope, words in SCOPE_WORDS.items() if scope in asked]
