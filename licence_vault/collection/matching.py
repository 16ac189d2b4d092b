"""Does the vault know this already? Duplicates within a register and against the vault, and whose licence it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from kernel.database.engine import Database
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.collection.collected import Collected, Question, ask
from licence_vault.collection.records import twins_of
from licence_vault.licences.licence import Licence, LicenceStatus
from licence_vault.licences.protection import LicenceData
from licence_vault.licences.records import LicenceRow

LOOKED_AT = 50
_LIVING = (LicenceStatus.VALID, LicenceStatus.SUSPENDED)


@dataclass(frozen=True)
class Matching:
    """Looks rows up; tells doubts, never what another authority's licence says."""

    database: Database
    data: LicenceData

    def twin_key(self, licence_type: LicenceType, collected: Collected) -> str | None:
        """The same for rows about the same licence: its number, or its holder when the type numbers none."""
        found = _identity(licence_type, collected)
        if found is None:
            return None
        id_type, number, printed = found
        return self.data.request_digest(f"collected:{licence_type.code}:{id_type}:{number}:{printed}")

    async def twin(self, collection_id: str, number: int, key: str | None) -> list[Question]:
        """Whether a row before this one is about the same licence."""
        if key is None:
            return []
        async with self.database.reading() as session:
            first = (await twins_of(session, collection_id, [key])).get(key, number)
        if first >= number:
            return []
        return [ask("twin", number=first)]

    async def in_vault(self, licence_type: LicenceType, collected: Collected) -> list[Question]:
        """Whether the vault has the licence already, and whether it knows its holder by another name."""
        found = _identity(licence_type, collected)
        if found is None:
            return []
        licences = await self._licences(found[0], found[1])
        questions = []
        same = [each for each in licences if each.type_code == licence_type.code and each.status in _LIVING]
        if any(not found[2] or each.content.number == found[2] for each in same):
            questions.append(ask("in-vault"))
        names = {each.content.holder.name for each in licences}
        if names and collected.order["holder"].get("name") not in names:
            questions.append(ask("other-name", "holder.name"))
        return questions

    async def _licences(self, id_type: str, number: str) -> Sequence[Licence]:
        index = self.data.holder_index(id_type, number)
        statement = select(LicenceRow).where(LicenceRow.holder_index == index).order_by(LicenceRow.issued_at.desc())
        async with self.database.reading() as session:
            rows = (await session.scalars(statement.limit(LOOKED_AT))).all()
        return [self.data.open(row) for row in rows]


def _identity(licence_type: LicenceType, collected: Collected) -> tuple[str, str, str] | None:
    """Kind and number of the holder and the licence's printed number; None while the holder's number is wrong."""
    holder = collected.order.get("holder", {})
    id_type, number = holder.get("id_type", ""), holder.get("number", "")
    if not number or any(each.fault and each.place == "holder.number" for each in collected.questions):
        return None
    fields = collected.order.get("fields", {})
    return str(id_type), str(number), licence_type.number_of(fields, str(number))
