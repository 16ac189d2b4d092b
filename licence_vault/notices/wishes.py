"""What a person wishes to hear outside, as it is kept and as it comes in."""

from collections.abc import Mapping
from typing import Any

from kernel.errors import FieldError, InvalidInput
from kernel.i18n import DEFAULT_LOCALE, LOCALES
from licence_vault.notices.notice import CHANNELS, NoticeKind, Wishes
from licence_vault.notices.records import NoticeWishesRow

_NAMES = frozenset({"channels", "quiet", "names_type", "locale"})


def wishes_of_row(row: NoticeWishesRow) -> Wishes:
    """What a row says; a kind or channel that is no longer known is passed over."""
    by = {NoticeKind(kind): frozenset(names) & frozenset(CHANNELS) for kind, names in row.channels.items() if _is(kind)}
    quiet = None if row.quiet_from is None or row.quiet_to is None else (row.quiet_from, row.quiet_to)
    return Wishes(by, quiet, row.names_type, row.locale if row.locale in LOCALES else DEFAULT_LOCALE)


def wishes_of_body(body: Mapping[str, Any]) -> Wishes:
    """What a client sent: `{"channels": {kind: [channel]}, "quiet": [from, to] | null, "names_type", "locale"}`.

    Raises `InvalidInput` naming every field that is wrong.
    """
    wrong = [FieldError(name, "There is no such setting.") for name in sorted(body.keys() - _NAMES)]
    channels, quiet, locale = body.get("channels", {}), body.get("quiet"), body.get("locale", DEFAULT_LOCALE)
    by: dict[NoticeKind, Any] = {}
    if not isinstance(channels, Mapping):
        wrong.append(FieldError("channels", "Give the channels for each kind of notice."))
    else:
        for kind, names in channels.items():
            if not _is(kind) or not isinstance(names, list) or not all(each in CHANNELS for each in names):
                wrong.append(FieldError("channels", "Give the channels for each kind of notice."))
                break
            by[NoticeKind(kind)] = frozenset(names)
    if quiet is not None and not (isinstance(quiet, list | tuple) and len(quiet) == 2 and all(map(_is_hour, quiet))):
        wrong.append(FieldError("quiet", "Quiet hours go from one full hour to another, 0 to 23."))
    if locale not in LOCALES:
        wrong.append(FieldError("locale", "Choose one of the languages offered."))
    if not isinstance(body.get("names_type", False), bool):
        wrong.append(FieldError("names_type", "Say yes or no."))
    if wrong:
        raise InvalidInput(wrong[0].message, fields=wrong)
    return Wishes(by, (quiet[0], quiet[1]) if quiet else None, body.get("names_type", False), locale)


def told(wishes: Wishes) -> dict[str, Any]:
    """The body that says these wishes."""
    return {
        "channels": {kind.value: sorted(wishes.channels(kind)) for kind in NoticeKind},
        "quiet": list(wishes.quiet) if wishes.quiet else None,
        "names_type": wishes.names_type,
        "locale": wishes.locale,
    }


def _is(kind: object) -> bool:
    return isinstance(kind, str) and kind in {each.value for each in NoticeKind}


def _is_hour(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 23
