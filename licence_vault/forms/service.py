"""Making a form of a licence when it is asked for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kernel.clock import Clock
from kernel.crypto.jose import JwkSet
from kernel.database.engine import Database
from kernel.errors import Gone
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.catalogue.service import Catalogue
from licence_vault.forms.claims import JSON_TYP, SD_JWT_TYP, Signing, credential, json_claims
from licence_vault.forms.type_metadata import credential_type, type_document
from licence_vault.licences.licence import Licence, LicenceStatus
from licence_vault.status.places import StatusPlace
from licence_vault.status.service import StatusLists
from seal.client import SealerKey

FORM_TYPES = {"json": "application/jose+json", "sd-jwt": "application/dc+sd-jwt"}


class CredentialSigner(Protocol):
    """What forms ask of `seal.client.Sealer`."""

    async def sign_credential(self, claims: Mapping[str, object], typ: str) -> str:
        """A compact JWS of this `typ`."""
        ...

    async def public_keys(self) -> Sequence[SealerKey]:
        """The published keys."""
        ...


@dataclass(frozen=True)
class FormParts:
    """What forms are made with."""

    database: Database
    catalogue: Catalogue
    statuses: StatusLists
    signer: CredentialSigner
    clock: Clock
    public_url: str


class LicenceForms:
    """Signed JSON and SD-JWT VC of licences that the caller was allowed to load."""

    def __init__(self, parts: FormParts) -> None:
        self._parts = parts

    async def signed_json(self, licence: Licence) -> bytes:
        """The whole licence as JWS in its flattened JSON form (RFC 7515 §7.2.2), `typ` "licence+jwt"."""
        licence_type = await self._type(licence)
        claims = json_claims(licence, licence_type, await self._signing(licence))
        protected, payload, signature = (await self._parts.signer.sign_credential(claims, JSON_TYP)).split(".")
        document = {"payload": payload, "protected": protected, "signature": signature}
        return json.dumps(document).encode()

    async def sd_jwt(self, licence: Licence, holder_key: Mapping[str, str] | None = None) -> str:
        """An SD-JWT VC with every disclosure, bound to the wallet's key if one is given. Raises `Gone`."""
        if licence.status in (LicenceStatus.REVOKED, LicenceStatus.SUPERSEDED):
            raise Gone("This licence is no longer in force and cannot be shown.")
        licence_type = await self._type(licence)
        kind = credential_type(licence_type, self._parts.public_url)
        made = credential(licence, licence_type, await self._signing(licence), kind, holder_key)
        return made.compact(await self._parts.signer.sign_credential(made.claims, SD_JWT_TYP))

    async def make(self, licence: Licence, format: str) -> bytes:
        """The form called `json` or `sd-jwt`, as a file."""
        return await self.signed_json(licence) if format == "json" else (await self.sd_jwt(licence)).encode()

    async def issuer_metadata(self) -> dict[str, Any]:
        """JWT VC Issuer Metadata: whose key signs what names this address as `iss`."""
        keys = [each.spki for each in await self._parts.signer.public_keys() if each.purpose == "credential"]
        return {"issuer": self._parts.public_url, "jwks": JwkSet.of(keys).document()}

    async def type_metadata(self, code: str, version: int) -> bytes:
        """What wallets read about a version of a type. Raises `NotFound`."""
        return type_document(await self._parts.catalogue.load(code, version), self._parts.public_url)

    async def _type(self, licence: Licence) -> LicenceType:
        return await self._parts.catalogue.load(licence.type_code, licence.type_version)

    async def _signing(self, licence: Licence) -> Signing:
        parts = self._parts
        async with parts.database.reading() as session:
            found = await parts.statuses.place_of(session, licence.id)
        place = StatusPlace(parts.statuses.uri(found[0]), *found) if found else None
        return Signing(parts.public_url, parts.clock(), place)
