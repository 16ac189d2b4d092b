"""What a person sees of their own account, masked, and what they may end there."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from idp.clients.service import ClientService
from idp.consent.service import Consent, ConsentService
from idp.federation.accounts import LinkedAccount
from idp.federation.base import Surface
from idp.federation.service import FederationService
from idp.mandates.mandate import Mandate
from idp.mandates.service import MandateService
from idp.organisations.service import Membership, memberships_of
from idp.persons.protection import PersonalData
from idp.persons.records import load_person
from idp.persons.service import PersonService
from idp.saml.applications.application import PREFIX as SAML_PREFIX
from idp.saml.applications.registry import SamlApplications
from idp.sessions.service import Session, SessionService
from idp.tokens.service import TokenService
from kernel.audit.chain import Actor
from kernel.database.engine import Database
from kernel.ids.masking import mask_name, mask_number


@dataclass(frozen=True)
class AllowedApplication:
    """An application and what it was allowed."""

    name: str
    consent: Consent


@dataclass(frozen=True)
class Profile:
    """The account as its owner sees it; numbers and names masked."""

    session: Session
    name_masked: str | None = field(repr=False)
    id_number_masked: str | None = field(repr=False)
    phone_masked: str | None = field(repr=False)
    email_masked: str | None = field(repr=False)
    memberships: tuple[Membership, ...] = ()
    mandates: Sequence[Mandate] = ()
    """Whom the person may act for now."""
    linked: Sequence[LinkedAccount] = ()
    sessions: Sequence[Session] = ()
    applications: Sequence[AllowedApplication] = ()


@dataclass(frozen=True)
class AccountParts:
    """Whom the page asks. `federation` is None where no provider is set up."""

    database: Database
    persons: PersonService
    personal_data: PersonalData
    sessions: SessionService
    consents: ConsentService
    clients: ClientService
    tokens: TokenService
    federation: FederationService | None
    mandates: MandateService
    saml_applications: SamlApplications


class AccountService:
    """The account page's use cases."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts

    async def profile(self, session: Session) -> Profile:
        """What the account page shows."""
        person_id = session.person.id
        data = self._parts.personal_data
        async with self._parts.database.reading() as reading:
            row = await load_person(reading, person_id)
            memberships = tuple(await memberships_of(reading, person_id))
        name, number, phone, email = data.name(row), data.id_number(row), data.phone(row), data.email(row)
        return Profile(
            session=session,
            name_masked=mask_name(name) if name else None,
            id_number_masked=mask_number(number) if number else None,
            phone_masked=mask_number(phone) if phone else None,
            email_masked=_mask_email(email) if email else None,
            memberships=memberships,
            mandates=await self._parts.mandates.in_force(person_id),
            linked=await self._linked(person_id),
            sessions=await self._parts.sessions.list_open(person_id),
            applications=await self._applications(person_id),
        )

    async def _applications(self, person_id: str) -> list[AllowedApplication]:
        allowed = []
        for consent in await self._parts.consents.list(person_id):
            name = await self._name_of(consent.client_id)
            if name is not None:
                allowed.append(AllowedApplication(name, consent))
        return allowed

    async def _name_of(self, client_id: str) -> str | None:
        if client_id.startswith(SAML_PREFIX):
            application = await self._parts.saml_applications.find_by_id(client_id.removeprefix(SAML_PREFIX))
            return application.name if application is not None else None
        client = await self._parts.clients.find(client_id)
        return client.name if client is not None else None

    async def _linked(self, person_id: str) -> Sequence[LinkedAccount]:
        return await self._parts.federation.accounts.linked(person_id) if self._parts.federation else ()

    def linkable(self, profile: Profile, surface: Surface) -> dict[str, str]:
        """Providers that the person could sign in by besides, with the origin that linking leads to."""
        federation, linked = self._parts.federation, {each.family for each in profile.linked}
        if federation is None:
            return {}
        origins = {family: federation.leads_to(family, surface) for family in federation.families}
        return {family: origin for family, origin in origins.items() if origin and family not in linked}

    async def set_language(self, person_id: str, locale: str) -> None:
        """Remember a person's language. Raises `InvalidInput`."""
        await self._parts.persons.set_locale(person_id, locale, Actor("user", person_id))

    async def withdraw_consent(self, person_id: str, client_id: str) -> None:
        """Take back what an application was allowed; its tokens end."""
        async with self._parts.database.transaction() as session:
            await self._parts.consents.withdraw(session, person_id, client_id)
            await self._parts.tokens.revoke_client_grants(session, person_id, client_id)

    async def unlink(self, person_id: str, account_id: str) -> None:
        """Part with a linked account. Raises `Conflict` when it is the last way in, `NotFound`."""
        if self._parts.federation is not None:
            await self._parts.federation.accounts.unlink(person_id, account_id)


def _mask_email(email: str) -> str:
    local, at, domain = email.partition("@")
    return f"{local[:1]}***{at}{domain}"
