"""Reading a person's claims. Real name and ID number leave by this door only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from idp.claims.requested import GOVERNED_BY
from idp.clients.client import Client
from idp.consent.records import ConsentRow
from idp.persons.protection import PersonalData
from idp.persons.records import PersonRow
from idp.roles.scopes import roles_shown
from idp.tokens.subject import Subject, find_subject
from kernel.i18n import language_tag


@dataclass(frozen=True)
class ClaimsQuestion:
    """Who asks about whom. `scopes`: what was granted; `names`: claims asked for one by one."""

    client: Client
    person_id: str
    scopes: Collection[str]
    names: Collection[str] = ()


class PersonClaims:
    """Claims by scope and by name."""

    def __init__(self, personal_data: PersonalData) -> None:
        self._personal_data = personal_data

    async def find(self, session: AsyncSession, question: ClaimsQuestion) -> dict[str, Any] | None:
        """Everything that may be said, without `sub`; None when there is no such person."""
        subject = await find_subject(session, question.person_id)
        person = await session.get(PersonRow, question.person_id)
        consent = await session.get(ConsentRow, (question.person_id, question.client.client_id))
        if subject is None or person is None:
            return None
        by_scope = self._claims(question, subject, person, consent, frozenset(question.scopes))
        return by_scope | self._by_name(question, subject, person, consent)

    async def named(self, session: AsyncSession, question: ClaimsQuestion) -> dict[str, Any]:
        """Only those asked for one by one."""
        subject = await find_subject(session, question.person_id)
        person = await session.get(PersonRow, question.person_id)
        consent = await session.get(ConsentRow, (question.person_id, question.client.client_id))
        if subject is None or person is None or not question.names:
            return {}
        return self._by_name(question, subject, person, consent)

    def _by_name(
        self, question: ClaimsQuestion, subject: Subject, person: PersonRow, consent: ConsentRow | None
    ) -> dict[str, Any]:
        agreed = frozenset(consent.scopes) if consent is not None else frozenset()
        open_scopes = {GOVERNED_BY[name] for name in question.names} & agreed & question.client.allowed_scopes
        found = self._claims(question, subject, person, consent, frozenset(open_scopes))
        return {name: value for name, value in found.items() if name in question.names}

    def _claims(
        self,
        question: ClaimsQuestion,
        subject: Subject,
        person: PersonRow,
        consent: ConsentRow | None,
        scopes: frozenset[str],
    ) -> dict[str, Any]:
        claims = _public_claims(subject, scopes) | self._contact_claims(person, scopes)
        if "realname" in scopes and _may_know_realname(question.client, consent):
            claims |= self._realname_claims(person, subject)
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

    def _realname_claims(self, person: PersonRow, subject: Subject) -> Mapping[str, Any]:
        claims: dict[str, Any] = {
            "organisations": [
                {"uscc": each.organisation.uscc, "name": each.organisation.name, "role": each.role}
                for each in subject.memberships
            ]
        }
        id_number = self._personal_data.id_number(person)
        if id_number is not None:
            name = self._personal_data.name(person)
            claims |= {"id_type": person.id_type, "id_number": id_number, "name": name}
        return claims


def _public_claims(subject: Subject, scopes: Collection[str]) -> dict[str, Any]:
    person = subject.person
    claims: dict[str, Any] = {"subject_type": "natural", "acr": subject.acr}
    if "profile" in scopes:
        claims |= {"name": person.display_name, "locale": language_tag(person.locale)}
        if person.username is not None:
            claims["preferred_username"] = person.username
    if "organisation" in scopes and subject.organisation is not None:
        claims["organisation"] = subject.organisation
    roles = roles_shown(subject.roles, scopes)
    if roles:
        claims["roles"] = roles
    return claims


def _may_know_realname(client: Client, consent: ConsentRow | None) -> bool:
    return client.may_realname and consent is not None and "realname" in consent.scopes
