"""Entries of the directory, as they travel between vaults. Pure.

`revision` counts the steps of a licence's life, so that an entry that comes late overwrites nothing newer.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from kernel.errors import FieldError, InvalidInput
from kernel.ids.licence_identifier import LicenceIdentifier
from licence_vault.licences.licence import CAUSE_CODES, LicenceStatus

TOGETHER = 200
"""Entries in one push; a body has at most 256 KiB."""
RANGES_TOGETHER = 20
AREA_CODE_LENGTH = 6
"""Old identifiers may name their issuer's area instead of the issuer."""
_HEX_32, _HEX_64 = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """One version of a licence. Nothing in it tells whose it is: `holder_key` is a hash under the exchange key."""

    record: str
    identifier: str
    type: str
    version: int
    status: str
    cause_code: str
    revision: int
    issuer: str
    valid_from: date
    valid_to: date | None
    holder_key: str
    content_digest: str
    ofd_sha256: str
    pdf_sha256: str

    @property
    def mark(self) -> str:
        """Two vaults whose entries have the same mark agree."""
        return mark(self.revision, self.status, self.content_digest)

    def as_json(self) -> dict[str, Any]:
        """As it is sent."""
        days = {"valid_from": self.valid_from.isoformat()}
        return asdict(self) | days | {"valid_to": self.valid_to.isoformat() if self.valid_to else None}


@dataclass(frozen=True)
class Range:
    """The records after `after` up to and with `upto`, and the digest of their marks at the sender's."""

    after: str
    upto: str
    digest: str


def mark(revision: int, status: str, content_digest: str) -> str:
    """What changes when an entry does: whatever a licence says is in its content digest."""
    return f"{revision}:{status}:{content_digest}"


def range_digest(marks: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over the records and marks of a range, in the order of the records."""
    digest = hashlib.sha256()
    for record, each in marks:
        digest.update(f"{record}:{each}\n".encode())
    return digest.hexdigest()


def read_entries(body: Mapping[str, Any]) -> tuple[list[Entry], list[str]]:
    """The entries and the removed records of a push. Raises `InvalidInput` naming the first that is wrong."""
    entries = [_entry(each, number) for number, each in enumerate(_list(body, "entries", TOGETHER))]
    removed = list(_list(body, "removed", TOGETHER))
    if not all(_is_hex(each, _HEX_32) for each in removed):
        raise _wrong("removed")
    return entries, removed


def read_ranges(body: Mapping[str, Any]) -> list[Range]:
    """The ranges of a comparison. Raises `InvalidInput`."""
    ranges = []
    for number, each in enumerate(_list(body, "ranges", RANGES_TOGETHER)):
        given = each if isinstance(each, Mapping) else {}
        found = Range(*(str(given.get(name, "")) for name in ("after", "upto", "digest")))
        bounds = (_is_hex(text, _HEX_32) for text in (found.after, found.upto))
        if not all(bounds) or not _is_hex(found.digest, _HEX_64) or found.after >= found.upto:
            raise _wrong(f"ranges.{number}")
        ranges.append(found)
    return ranges


def _entry(given: Any, number: int) -> Entry:
    wanted = {each.name for each in fields(Entry)}
    if not isinstance(given, Mapping) or set(given) != wanted:
        raise _wrong(f"entries.{number}")
    for name, holds in _shapes(given).items():
        if not holds:
            raise _wrong(f"entries.{number}.{name}")
    try:
        identifier = LicenceIdentifier.parse(given["identifier"])
        days = {"valid_from": date.fromisoformat(given["valid_from"]), "valid_to": _day(given["valid_to"])}
    except (InvalidInput, ValueError, TypeError) as error:
        raise _wrong(f"entries.{number}") from error
    is_of_issuer = identifier.issuer == given["issuer"] or len(identifier.issuer) == AREA_CODE_LENGTH
    if not is_of_issuer or (identifier.type_code, identifier.version) != (given["type"], given["version"]):
        raise _wrong(f"entries.{number}.identifier")
    return Entry(**(dict(given) | days | {"identifier": str(identifier)}))


def _shapes(given: Mapping[str, Any]) -> dict[str, bool]:
    hashes = ("holder_key", "content_digest", "ofd_sha256", "pdf_sha256")
    return {
        "record": _is_hex(given["record"], _HEX_32),
        "identifier": isinstance(given["identifier"], str),
        "type": isinstance(given["type"], str) and 0 < len(given["type"]) <= 21,
        "issuer": isinstance(given["issuer"], str) and len(given["issuer"]) == 18,
        "version": _is_count(given["version"]),
        "revision": _is_count(given["revision"]),
        "status": given["status"] in {each.value for each in LicenceStatus},
        "cause_code": given["cause_code"] in CAUSE_CODES,
        **{name: _is_hex(given[name], _HEX_64) for name in hashes},
    }


def _day(given: Any) -> date | None:
    return None if given is None else date.fromisoformat(given)


def _list(body: Mapping[str, Any], name: str, most: int) -> Sequence[Any]:
    given = body.get(name, [])
    if not isinstance(given, list) or len(given) > most:
        raise _wrong(name)
    return given


def _is_hex(value: object, form: re.Pattern[str]) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _wrong(name: str) -> InvalidInput:
    message = "{name} is not as the directory has it."
    return InvalidInput(message, fields=[FieldError(name, message, {"name": name})], name=name)
