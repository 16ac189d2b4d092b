"""What an access token lets its holder know about the person (OpenID Connect Core 1.0 §5.3, §5.4).

Real name and ID number leave by this door only, to clients that may ask for them, for people who consented.
"""

from typing import Any

from idp.clients.client import Client
from idp.clients.service import ClientService
from idp.consent.records import ConsentRow
from idp.oauth2.errors import OAuthError
from idp.persons.protection import PersonalData
from idp.persons.records import PersonRow
from idp.roles.scopes import roles_shown
from idp.tokens.service import TokenService
from idp.tokens.subject import Subject, find_subject
from kernel.database.engine import Database
from kernel.i18n import language_tag


class InvalidToken(OAuthError):
    """The access token does not count (RFC 6750 §3.1)."""

    def __init__(self) -> None:
        super().__init__("invalid_token", "The access token is not valid or has ended.", status=401)


class UserinfoService:
    """Claims about the person behind an access token."""

    def __init__(
        self, database: Database, tokens: TokenService, clients: ClientService, personal_data: PersonalData
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._clients = clients
        self._personal_data = personal_data

    async def claims(self, unverified_jwt: str) -> dict[str, Any]:
        """The claims that the token's scopes give. Raises `OAuthError` as RFC 6750 §3.1 has it."""
        token = await self._tokens.find_access_token(unverified_jwt)
        if token is None:
            raise InvalidToken
        scopes = token["scope"].split()
        if "openid" not in scopes:
            raise OAuthError("insufficient_scope", "The access token lacks the scope openid.", status=403)
        client = await self._clients.find(token["client_id"])
        async with self._database.reading() as session:
            subject = await find_subject(session, token["sub"])
            person = await session.get(PersonRow, token["sub"])
            consent = await session.get(ConsentRow, (token["sub"], token["client_id"]))
        if subject is None or person is None or client is None:
            raise InvalidToken
        claims = _public_claims(subject, scopes) | self._contact_claims(person, scopes)
        if "realname" in scopes and _may_know_realname(client, consent):
            claims |= self._realname_claims(person, subject)
        return claims

    def _contact_claims(self, person: PersonRow, scopes: list[str]) -> dict[str, Any]:
        claims: dict[str, Any] = {}
        phone = self._personal_data.phone(person) if "phone" in scopes else None
        if phone is not None:
            claims |= {"phone_number": phone, "phone_number_verified": True}
        email = self._personal_data.email(person) if "email" in scopes else None
        if email is not None:
            claims |= {"email": email, "email_verified": True}
        return claims

    def _realname_claims(self, person: PersonRow, subject: Subject) -> dict[str, Any]:
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


def _public_claims(subject: Subject, scopes: list[str]) -> dict[str, Any]:
    person = subject.person
    claims: dict[str, Any] = {"sub": person.id, "subject_type": "natural", "acr": subject.acr}
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
