"""Telling signed JSON and SD-JWTs from other things that are sent. Pure."""

import hashlib
import json
import re
from dataclasses import dataclass, field

from kernel.crypto.sd_jwt.presentation import MAX_BYTES
from seal.validation.report import DocumentSummary

SD_JWT, SIGNED_JSON = "sd-jwt", "json"
_JWS = r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
_COMPACT = re.compile(_JWS)
_PRESENTED = re.compile(rf"{_JWS}(?:~[A-Za-z0-9_-]*)*~(?:{_JWS})?")
_MEMBERS = {"payload", "protected", "signature"}


@dataclass(frozen=True)
class SentCredential:
    """A credential as it came: `format` is one of this module's two, `text` its compact form, nothing of it proven."""

    format: str
    text: str = field(repr=False)
    document: DocumentSummary


def read_credential(data: bytes | str) -> SentCredential | None:
    """What was sent, if it looks like a credential; None for anything else."""
    raw = data if isinstance(data, bytes) else data.encode()
    if len(raw) > MAX_BYTES:
        return None
    try:
        text = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        return None
    if text.startswith("{"):
        compact = _from_json(text)
        return _sent(SIGNED_JSON, compact, raw) if compact is not None else None
    if _COMPACT.fullmatch(text):
        return _sent(SIGNED_JSON, text, raw)
    return _sent(SD_JWT, text, raw) if _PRESENTED.fullmatch(text) else None


def _from_json(text: str) -> str | None:
    """The compact form of the flattened JSON form (RFC 7515 §7.2.2); an unprotected header has no place in ours."""
    try:
        pairs = json.loads(text, object_pairs_hook=list)
        members = dict(pairs)
    except (ValueError, TypeError, RecursionError):
        return None
    if len(pairs) != len(_MEMBERS) or set(members) != _MEMBERS or not all(isinstance(v, str) for v in members.values()):
        return None
    compact = ".".join((members["protected"], members["payload"], members["signature"]))
    return compact if _COMPACT.fullmatch(compact) else None


def _sent(format: str, text: str, raw: bytes) -> SentCredential:
    return SentCredential(format, text, DocumentSummary(format, f"sha256:{hashlib.sha256(raw).hexdigest()}"))
