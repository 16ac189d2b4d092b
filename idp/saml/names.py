"""What an application is told about a person: the name it knows them by, and attributes."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from idp.claims.service import ClaimsQuestion, PersonClaims
from idp.mandates.records import Acting
from idp.persons.records import PersonRow
from idp.saml.applications.application import ATTRIBUTES, NameId, SamlApplication
from idp.saml.authn_request import AuthnRequest
from idp.saml.own_metadata import EMAIL, PERSISTENT, TRANSIENT, UNSPECIFIED
from idp.sessions.service import Session
from idp.tokens.subject import find_subject
from kernel.clock import Clock

PURPOSE = "idp saml subject"
_WIRE = {
    NameId.PERSISTENT: PERSISTENT,
    NameId.TRANSIENT: TRANSIENT,
    NameId.EMAIL: EMAIL,
    NameId.USERNAME: UNSPECIFIED,
}
_ENCRYPTED = "urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted"

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Name:
    """A NameID: its format, its value."""

    format: str
    value: str


class Telling:
    """What may be told of a person. `keyed_hash(purpose, value)` is stable for the life of the house."""

    def __init__(self, claims: PersonClaims, keyed_hash: Callable[[str, str], str], clock: Clock) -> None:
        self._clock = clock
        self._claims = claims
        self._keyed_hash = keyed_hash

    async def name(
        self, session: AsyncSession, request: AuthnRequest, application: SamlApplication, person_id: str
    ) -> Name | None:
        """The name in the format that is asked for, or in the application's own; None where there is none."""
        wanted = request.name_id_format
        if request.qualifier and request.qualifier != application.metadata.entity_id:
            return None  # names that a group of applications share
        if wanted in {"", UNSPECIFIED, _ENCRYPTED}:
            wanted = _WIRE[NameId(application.settings.name_id)]
        if wanted == TRANSIENT:
            return Name(wanted, f"_{secrets.token_hex(20)}")
        if wanted == PERSISTENT:
            return Name(wanted, self._keyed_hash(PURPOSE, f"{application.metadata.entity_id} {person_id}"))
        claims = await self._claims_of(session, application, person_id)
        if wanted == EMAIL and "email" in application.allowed_scopes:
            return Name(EMAIL, claims["email"]) if "email" in claims else None
        if wanted == UNSPECIFIED:
            person = await session.get(PersonRow, person_id)
            return Name(UNSPECIFIED, person.username) if person is not None and person.username else None
        return None

    async def attributes(self, session: AsyncSession, application: SamlApplication, signed_in: Session) -> Values:
        """Our names of attributes, with their values; what is not known is left out."""
        acting = Acting(signed_in.mandate_id, self._clock())
        claims = await self._claims_of(session, application, signed_in.person.id, acting)
        subject = await find_subject(session, signed_in.person.id, acting)
        organisation: Mapping[str, str] = claims.get("organisation") or {}
        known: dict[str, Sequence[str | None]] = {
            "name": [signed_in.person.display_name],
            "preferred_username": [signed_in.person.username],
            "email": [claims.get("email")],
            "phone_number": [claims.get("phone_number")],
            "organisation": [organisation.get("uscc")],
            "organisation_name": [organisation.get("name")],
            "real_name": [claims.get("name") if "id_number" in claims else None],
            "id_number": [claims.get("id_number")],
            "roles": sorted(str(role) for role in subject.effective_roles) if subject else [],
            "acr": [signed_in.acr],
            "amr": list(signed_in.amr),
            "subject_type": [signed_in.subject_type],
        }
        told = {name: [each for each in known[name] if each] for name in ATTRIBUTES}
        return {name: told[name] for name in application.settings.attributes if told[name]}

    async def _claims_of(
        self, session: AsyncSession, application: SamlApplication, person_id: str, acting: Acting | None = None
    ) -> dict[str, Any]:
        question = ClaimsQuestion(application, person_id, application.allowed_scopes, acting=acting)
        return await self._claims.find(session, question) or {}
