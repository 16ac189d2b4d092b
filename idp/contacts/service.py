"""Which address is whose: finding, keeping and removing."""

import secrets

from sqlalchemy.exc import IntegrityError

from idp.contacts.address import Address
from idp.contacts.records import ContactRow, forget_channel, holder_of
from idp.persons.records import load_person
from idp.persons.service import PersonService
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import Conflict, Unavailable
from kernel.i18n import gettext as _
from kernel.i18n import use_locale
from kernel.messages.message import Channel, Message, MessageRefused, MessageSender

ADDRESS_INDEX = "idp.contact.address"
TAKEN = "This address belongs to another account. Sign in with it, or remove it there first."


class ContactService:
    """Addresses that people proved to hold."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        envelope: Envelope,
        persons: PersonService,
        sender: MessageSender,
    ) -> None:
        self._database = database
        self._clock = clock
        self._envelope = envelope
        self._persons = persons
        self._sender = sender

    async def find(self, address: Address) -> str | None:
        """The person whose address this is."""
        async with self._database.reading() as session:
            return await holder_of(session, self._index(address))

    async def find_or_enter(self, address: Address, locale: str) -> str:
        """The person whose address this is, entered anew where it is nobody's. Two at once enter one."""
        if person_id := await self.find(address):
            return person_id
        name = _("New user {code}").format(code=secrets.token_hex(3))
        person = await self._persons.create_unnamed(name, locale)
        try:
            await self.keep(person.id, address)
        except Conflict:  # the same person in another window was quicker
            await self._persons.disable(person.id)
            found = await self.find(address)
            if found is None:
                raise
            return found
        return person.id

    async def of(self, person_id: str) -> dict[Channel, Address]:
        """A person's addresses, by channel."""
        phone, email = await self._persons.contact(person_id)
        found: dict[Channel, Address] = {}
        if phone:
            found["sms"] = Address("sms", phone)
        if email:
            found["email"] = Address("email", email)
        return found

    async def keep(self, person_id: str, address: Address) -> None:
        """Let this address, which was proved just now, be the person's. Raises `Conflict` when it is another's."""
        before = (await self.of(person_id)).get(address.channel)
        index = self._index(address)
        try:
            async with self._database.transaction() as session:
                holder = await holder_of(session, index)
                if holder not in {None, person_id}:
                    raise Conflict(TAKEN, reason="the address is another account's")
                await forget_channel(session, person_id, address.channel)
                now = self._clock()
                session.add(
                    ContactRow(address_index=index, person_id=person_id, channel=address.channel, verified_at=now)
                )
                await self._persons.put_contact(session, person_id, address.channel, address.value)
        except IntegrityError as clash:
            raise Conflict(TAKEN, reason="the address is another account's") from clash
        if before is not None and before != address:
            await self._tell(person_id, before)

    async def remove(self, person_id: str, channel: Channel) -> None:
        """Let the person have no address of this kind."""
        before = (await self.of(person_id)).get(channel)
        async with self._database.transaction() as session:
            await forget_channel(session, person_id, channel)
            await self._persons.put_contact(session, person_id, channel, None)
        if before is not None:
            await self._tell(person_id, before)

    async def _tell(self, person_id: str, address: Address) -> None:
        """Tell the address that was replaced: whoever reads it there may not have done it."""
        if not self._sender.sends(address.channel):
            return
        async with self._database.reading() as session:
            locale = (await load_person(session, person_id)).locale
        with use_locale(locale):
            text = _(
                "This address no longer belongs to your account. If that was not you, ask the service desk at once."
            )
            message = Message(
                address.channel, address.value, text, subject=_("Your account was changed"), template="contact_removed"
            )
        try:
            await self._sender.send(message)
        except (MessageRefused, Unavailable):
            return  # the change stands; it is in the audit trail

    def _index(self, address: Address) -> str:
        return self._envelope.blind_index(ADDRESS_INDEX, f"{address.channel}:{address.value}")
