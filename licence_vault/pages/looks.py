"""Who looked at a licence, in plain words: who, when, why."""

from collections.abc import Mapping
from typing import Any

from kernel.i18n import gettext as _
from licence_vault.lookup.service import Look


def told(look: Look, labels: Mapping[str, str]) -> dict[str, Any]:
    """A look as a step of a timeline; `labels` names fields. The officer's name stays with those who audit."""
    return {"at": look.at, "title": _title(look), "detail": _why(look, labels)}


def _title(look: Look) -> str:
    ways = {
        "presentation": _("Somebody scanned the code that you showed"),
        "handle": _("Somebody scanned the code printed on the licence"),
        "file": _("Somebody checked its file"),
        "agency": _("An officer of {agency} opened it"),
        "search": _("An officer of {agency} found it by the holder's number"),
        "sharing_query": _("{agency} asked whether you have it"),
        "sharing_fetch": _("{agency} got data of it"),
        "sharing_verify": _("{agency} compared data or a file with it"),
        "export": _("The operator exported its file"),
        "wallet": _("Your wallet took it as a credential"),
        "own": _("You, or somebody who acts for the holder, opened it"),
    }
    title = ways.get(look.way, look.way)
    return title.format(agency=look.who or _("the issuing authority"))


def _why(look: Look, labels: Mapping[str, str]) -> str:
    about = look.about
    if not about:
        return ""
    if look.way == "presentation":
        return _shown(about, labels)
    parts = [
        _("For: {purpose}", purpose=about["purpose"]),
        _("Matter: {name}, case {number}", name=about["item"], number=about["case"]),
        _("By law: {law}", law=about["basis"]) if about["basis"] else _("By your grant"),
    ]
    if about.get("via"):
        parts.append(_("Asked through {vault}", vault=about["via"]))
    if about.get("fields"):
        parts.append(_("It saw: {fields}", fields=_(", ").join(labels.get(each, each) for each in about["fields"])))
    if about.get("copy"):
        parts.append(_("with a copy"))
    return _("; ").join(parts)


def _shown(about: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """What a scan of the holder's own code showed, and what the holder had said that it was for."""
    own = {"holder_name": _("Holder's name"), "holder_number": _("Holder's number"), "number": _("Licence number")}
    names = [own.get(each) or labels.get(each.removeprefix("fields."), each) for each in about["fields"]]
    parts = [_("For: {purpose}", purpose=about["purpose"])] if about["purpose"] else []
    if names:
        parts.append(_("It saw: {fields}", fields=_(", ").join(names)))
    return _("; ").join(parts)
