"""The personal data of a person, in and out of its envelopes."""

from idp.persons.records import PersonRow
from kernel.crypto.envelope import Envelope

ID_NUMBER_INDEX = "idp.person.id_number"


class PersonalData:
    """Reads and writes the sealed columns. The context binds an envelope to its person and column."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope

    def id_number_index(self, id_type: str, id_number: str) -> str:
        """The keyed hash by which a number is found, and by which it is unique."""
        return self._envelope.blind_index(ID_NUMBER_INDEX, f"{id_type}:{id_number}")

    def seal(self, person_id: str, column: str, value: str) -> bytes:
        """The envelope of one value."""
        return self._envelope.encrypt(value.encode(), context=f"idp.person.{column}:{person_id}")

    def _open(self, person_id: str, column: str, sealed: bytes | None) -> str | None:
        if sealed is None:
            return None
        return self._envelope.decrypt(sealed, context=f"idp.person.{column}:{person_id}").decode()

    def name(self, row: PersonRow) -> str | None:
        """The name in the register, once the person is real-name checked."""
        return self._open(row.id, "name", row.name_sealed)

    def id_number(self, row: PersonRow) -> str | None:
        """The number of the identity document."""
        return self._open(row.id, "id_number", row.id_number_sealed)

    def phone(self, row: PersonRow) -> str | None:
        """The verified phone number, E.164."""
        return self._open(row.id, "phone", row.phone_sealed)

    def email(self, row: PersonRow) -> str | None:
        """The verified email address."""
        return self._open(row.id, "email", row.email_sealed)
