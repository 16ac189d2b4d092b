"""What the signed forms of a licence say. Pure, but for the salts.

Both carry the digest that the sealed files' QR code and the public log carry. The signed JSON has all that goes into
it, so that its reader can work it out again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from kernel.crypto.sd_jwt.disclosures import USUAL_HASH, disclosure_digest, make_disclosure
from kernel.crypto.sd_jwt.hiding import hide
from kernel.i18n import DISPLAY_ZONE
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.licences.licence import HolderIdentity, Licence, LicenceContent, content_digest
from licence_vault.status.places import StatusPlace

JSON_TYP, SD_JWT_TYP = "licence+jwt", "dc+sd-jwt"
OPEN_CLAIMS = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})
"""What an SD-JWT VC may not hide (draft-ietf-oauth-sd-jwt-vc, registered claims)."""
OWN_OPEN_CLAIMS = frozenset({"identifier", "content_digest", "issuing_authority", "licence_type"})
"""What ours never hides either: a verifier needs it to find the licence again."""


@dataclass(frozen=True)
class Signing:
    """Who signs when, and where the licence stands. `issuer`: the public address, without a slash at the end."""

    issuer: str
    now: datetime
    place: StatusPlace | None


@dataclass(frozen=True)
class CredentialType:
    """The `vct` of a licence type's version and the integrity of its metadata."""

    vct: str
    integrity: str


@dataclass(frozen=True)
class Credential:
    """Claims to sign, and what the holder may show of the rest."""

    claims: Mapping[str, Any]
    disclosures: tuple[str, ...]

    def compact(self, jwt: str) -> str:
        """With its signature, as wallets keep it."""
        return "~".join((jwt, *self.disclosures, ""))


def json_claims(licence: Licence, licence_type: LicenceType, signing: Signing) -> dict[str, Any]:
    """The whole licence, for `licence+jwt`."""
    return _common(licence, licence_type, signing) | {
        "holder": vars(licence.content.holder),
        "number": licence.content.number,
        "fields": dict(licence.content.fields),
        "salt": licence.content.salt,
        "files": {"ofd": licence.ofd_digest, "pdf": licence.pdf_digest},
    }


def credential(
    licence: Licence,
    licence_type: LicenceType,
    signing: Signing,
    kind: CredentialType,
    holder_key: Mapping[str, str] | None,
) -> Credential:
    """An SD-JWT VC whose personal data is hidden field by field; `holder_key`: the wallet's public JWK.

    How many fields are hidden does not tell which of the optional ones there are.
    """
    holder, of_holder = hide(vars(licence.content.holder))
    fields, of_fields = hide(licence.content.fields, places=len(licence_type.fields))
    number = make_disclosure(licence.content.number, "number")
    claims = _common(licence, licence_type, signing) | {
        "vct": kind.vct,
        "vct#integrity": kind.integrity,
        "holder": holder,
        "fields": fields,
        "_sd": [disclosure_digest(number)],
        "_sd_alg": USUAL_HASH,
    }
    if holder_key is not None:
        claims["cnf"] = {"jwk": dict(holder_key)}
    return Credential(claims, (*of_holder, number, *of_fields))


def recomputed_digest(claims: Mapping[str, Any]) -> str | None:
    """The content digest of what a signed JSON says, worked out again; None when it lacks something."""
    try:
        holder = HolderIdentity(**claims["holder"])
        content = LicenceContent(holder, claims["fields"], claims["number"], claims["salt"])
        valid_to = claims["valid_to"]
        period = date.fromisoformat(claims["valid_from"]), date.fromisoformat(valid_to) if valid_to else None
        return content_digest(claims["identifier"], claims["licence_type"]["code"], content, period)
    except (KeyError, TypeError, ValueError):
        return None


def _common(licence: Licence, licence_type: LicenceType, signing: Signing) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "iss": signing.issuer,
        "iat": int(signing.now.timestamp()),
        "nbf": _begin(licence.valid_from),
        "identifier": licence.identifier,
        "version": licence.version,
        "licence_type": {"code": licence_type.code, "version": licence_type.version, "name": licence_type.name},
        "issuing_authority": {"uscc": licence.issuer_uscc, "name": licence.issuer_name},
        "issued_at": licence.issued_at.isoformat(),
        "valid_from": licence.valid_from.isoformat(),
        "valid_to": licence.valid_to.isoformat() if licence.valid_to else None,
        "content_digest": licence.content_digest,
    }
    if licence.valid_to is not None:
        claims["exp"] = _begin(licence.valid_to + timedelta(days=1))
    if signing.place is not None:
        claims["status"] = {"status_list": {"idx": signing.place.index, "uri": signing.place.uri}}
    return claims


def _begin(day: date) -> int:
    """The first second of a day in China; a licence holds through its last day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=DISPLAY_ZONE).timestamp())
