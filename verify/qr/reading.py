"""What a scanned or pasted text is, before anything in it is believed.

Two codes exist. The static one stands in the licence for ever: `HTTPS://HOST/V/<HANDLE>#<base32 COSE>`, upper case so
that the QR stays small; the part after `#` never reaches a server. Either half may be missing: some types of licence
print the address alone, some the signed claims alone (`HTTPS://HOST/V#…`), whose checks the issuer never hears of. The
dynamic one is shown on a phone for a minute: `https://host/v/<code>`. Both paths are the same, so `code` alone does not
say which of the two it is: the vault does.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from kernel.errors import InvalidInput

MAX_QR_CHARACTERS = 4296  # the most that a version 40 QR code holds, alphanumeric mode (ISO/IEC 18004)

_CODE = re.compile(r"[A-Za-z0-9_-]{16,128}")
_BASE32 = re.compile(r"[A-Z2-7]+")
_PATH = re.compile(r"/v(?:/([^/]*)/?)?", re.IGNORECASE)


@dataclass(frozen=True)
class QrReading:
    """What a QR text holds.

    `code` is the handle or presentation code as written (empty where the claims are all there is), `host` the domain
    that the text names (None for a bare code) and `signed_claims` the unverified COSE_Sign1 bytes of a static
    code, in base32.
    """

    code: str
    host: str | None = None
    signed_claims: str | None = None


def read_qr(text: str) -> QrReading:
    """Read a QR text or bare handle; raises `InvalidInput` that says what is wrong with it."""
    text = text.strip()
    if not text:
        raise InvalidInput("Nothing was read. Scan the QR code again, or paste its text.")
    if len(text) > MAX_QR_CHARACTERS:
        raise InvalidInput("This text is longer than any QR code. Paste only the text of the QR code.")
    if "://" in text:
        return _read_address(text)
    bare = re.sub(r"\s", "", text)
    if not _CODE.fullmatch(bare):
        raise InvalidInput("This is not the code of a licence. It should begin with https:// and hold /v/.")
    return QrReading(code=bare)


def _read_address(text: str) -> QrReading:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as failure:
        raise InvalidInput("This address cannot be read. Scan the QR code again.") from failure
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise InvalidInput("This is not the address of a licence. It should begin with https://.")
    if parts.username is not None or parts.password is not None:
        # "https://gov.cn@evil.example/…" dresses one host up as another.
        raise InvalidInput("This address hides its real domain. Do not trust it.")
    path = _PATH.fullmatch(parts.path)
    fragment = parts.fragment.upper()
    code = (path and path.group(1)) or ""
    if path is None or not (_CODE.fullmatch(code) or (fragment and not code)):
        raise InvalidInput("This QR code leads elsewhere, not to a licence.")
    if fragment and not _BASE32.fullmatch(fragment):
        raise InvalidInput("The signed part of this QR code is damaged. Scan it again.")
    return QrReading(
        code=code,
        host=f"{host}:{port}" if port else host,
        signed_claims=fragment or None,
    )
