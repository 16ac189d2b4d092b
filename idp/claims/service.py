"""Reading a person's claims. Real name and ID number leave by this door only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from idp.claims.requested import GOVERNED_BY
from idp.consent.records import ConsentRow
from idp.mandates.mandate import Mandate
from idp.mandates.records import Acting, list_in_force
from idp.persons.protection import PersonalData
from idp.persons.records import PersonRow
from idp.roles.scopes import roles_shown
from idp.tokens.subject import Subject, find_subject
from kernel.i18n import language_tag


class Asker(Protocol):
    """An application, of whatever protocol, as far as claims go. `client_id`: as consent names it."""

    @property
    def client_id(self) -> str: ...

    @property
    def may_realname(self) -> bool: ...

    @property
    def allowed_scopes(self) -> frozenset[str]: ...


@dataclass(frozen=True)
class ClaimsQuestion:
    """Who asks about whom. `scopes`: what was granted; `names`: claims asked for one by one."""

    client: Asker
    person_id: str
    scopes: Collection[str]
    names: Collection[str] = ()
    acting: Acting | None = None


@dataclass(frozen=True)
class _Known:
    """What there is to tell from. `mandates`: those that make somebody see an organisation's things."""

    subject: Subject
    person: PersonRow
    consent: ConsentRow | None
    mandates: Sequence[Mandate]


class PersonClaims:
    """Claims by scope and by name."""

    def __init__(self, personal_data: PersonalData) -> None:
        self._personal_data = personal_data

    async def find(self, session: AsyncSession, question: ClaimsQuestion) -> dict[str, Any] | None:
        """Everything that may be said, without `sub`; None when there is no such person."""
        known = await _load(session, question)
        if known is None:
            return None
        by_scope = self._claims(question, known, frozenset(question.scopes))
        return by_scope | self._by_name(question, known)

    async def named(self, session: AsyncSession, question: ClaimsQuestion) -> dict[str, Any]:
        """Only those asked for one by one."""
        known = await _load(session, question) if question.names else None
        return self._by_name(question, known) if known is not None else {}

    def _by_name(self, question: ClaimsQuestion, known: "_Known") -> dict[str, Any]:
        agreed = frozenset(known.consent.scopes) if known.consent is not None else frozenset()
        open_scopes = {GOVERNED_BY[name] for name in question.names} & agreed & question.client.allowed_scopes
        found = self._claims(question, known, frozenset(open_scopes))
        return {name: value for name, value in found.items() if name in question.names}

    def _claims(self, question: ClaimsQuestion, known: "_Known", scopes: frozenset[str]) -> dict[str, Any]:
        claims = _public_claims(known.subject, scopes) | self._contact_claims(known.person, scopes)
        if "realname" in scopes and _may_know_realname(question.client, known.consent):
            claims |= self._realname_claims(known)
        return claims

    def _contact_claims(self, person: PersonRow, scopes: Collection[str]) -> dict[str, Any]:
        claims: dict[str, Any] = {}
        phone = self._personal_data.phone(person) if "phone" in scopes else None
        if phone is not None:
            claims |= {"phone_number": phone, "phone_number_verified": True}
        email = self._personal_data.email(person) if "email" in scopes else None
        if email is not None:
            claims |= {"email": email, "email_verified": True}
        return claims

    def _realname_claims(self, known: "_Known") -> Mapping[str, Any]:
        person = known.person
        claims: dict[str, Any] = {"organisations": [_acted_for(each) for each in known.mandates]}
        if known.subject.mandate is not None:
            # Under a mandate it is the organisation's numbers that count; the person's own stay at home.
            return claims
        id_number = self._personal_data.id_number(person)
        if id_number is not None:
            name = self._personal_data.name(person)
            claims |= {"id_type": person.id_type, "id_number": id_number, "name": name}
        return claims


async def _load(session: AsyncSession, question: ClaimsQuestion) -> _Known | None:
    subject = await find_subject(session, question.person_id, question.acting)
    person = await session.get(PersonRow, question.person_id)
    if subject is None or person is None:
        return None
    consent = await session.get(ConsentRow, (question.person_id, question.client.client_id))
    return _Known(subject, person, consent, await _mandates(session, question, subject))


async def _mandates(session: AsyncSession, question: ClaimsQuestion, subject: Subject) -> Sequence[Mandate]:
    """The one that they act under; all of them, for somebody who acts for themselves."""
    if subject.mandate is not None:
        return (subject.mandate,)
    if question.acting is None:
        return ()
    return await list_in_force(session, question.person_id, question.acting.at)


def _acted_for(mandate: Mandate) -> dict[str, Any]:
    powers = sorted(power.value for power in mandate.powers)
    return {**mandate.organisation, "role": mandate.capacity.value, "powers": powers}


def _public_claims(subject: Subject, scopes: Collection[str]) -> dict[str, Any]:
    person = subject.person
    claims: dict[str, Any] = {"subject_type": subject.subject_type, "acr": subject.acr}
    if "profile" in scopes:
        claims |= {"name": person.display_name, "locale": language_tag(person.locale)}
        if person.username is not None:
            claims["preferred_username"] = person.username
    if subject.mandate is not None:
        # Who acts is left to tokens, which know how the client calls the person.
        claims["organisation"] = subject.mandate.organisation
    elif "organisation" in scopes and subject.organisation is not None:
        claims["organisation"] = subject.organisation
    roles = roles_shown(subject.effective_roles, scopes)
    if roles:
        claims["roles"] = roles
    return claims


def _may_know_realname(client: Asker, consent: ConsentRow | None) -> bool:
    return client.may_realname and consent is not None and "realname" in consent.scopes
