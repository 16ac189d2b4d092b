"""Scans of a collection: taken in, found for their rows, shown as pages."""

import asyncio
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from kernel.blobs.store import BlobStore
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.database.engine import Database
from kernel.errors import InvalidInput, NotFound
from kernel.ids.time_ordered import new_id
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.collection.collected import Collected, Question, ask
from licence_vault.collection.scans.archive import ScanFile, file_key, group_key, key_of_text
from licence_vault.collection.scans.records import ScanRow, count_of, scans_by_ids, scans_by_keys
from licence_vault.collection.scans.rendering import packed, render, unpacked
from licence_vault.licences.origin import ScanPage

TOGETHER = 8
MOST_SCANS = 20_000
MOST_PAGES_A_ROW = 40
_SEVERAL = re.compile(r"[;；、,，|\n]")


@dataclass(frozen=True)
class RowScans:
    """The scans of a row, in the order of their names, and what is asked about them."""

    ids: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Scans:
    """Keeps scans encrypted; renders each once, apart from everything else."""

    database: Database
    blobs: BlobStore
    envelope: Envelope
    clock: Clock

    async def add(self, collection_id: str, files: Iterator[ScanFile]) -> int:
        """Keep files; one that is there already under the same name is kept once. Says how many came new."""
        added = 0
        while chunk := await asyncio.to_thread(lambda: list(islice(files, TOGETHER))):
            async with self.database.reading() as session:
                if await count_of(session, collection_id) + len(chunk) > MOST_SCANS:
                    raise InvalidInput("A collection may have at most {limit} scans.", limit=MOST_SCANS)
            for each in chunk:
                added += await self._keep(collection_id, each)
        return added

    async def count(self, collection_id: str) -> int:
        """How many there are."""
        async with self.database.reading() as session:
            return await count_of(session, collection_id)

    async def of_row(self, collection_id: str, licence_type: LicenceType, collected: Collected) -> RowScans:
        """The scans that a row names, or that are named like its licence or its holder.

        A scan that it names and that is not there, or cannot be read, is asked about.
        """
        if not await self.count(collection_id):
            return RowScans((), ())
        named = [each.strip() for each in _SEVERAL.split(collected.values.get("scan", "")) if each.strip()]
        texts = named or _numbers(licence_type, collected)
        found: dict[str, ScanRow] = {}
        questions = []
        for text in texts:
            key = self._index(collection_id, key_of_text(text))
            async with self.database.reading() as session:
                rows = await scans_by_keys(session, collection_id, [key])
            if named and not rows:
                questions.append(ask("missing-scan", "scan", name=text[:60]))
            found |= {row.id: row for row in rows}
            if rows and not named:
                break
        if not named and not found:
            questions.append(ask("no-scan", "scan"))
        return await self._readable(sorted(found.values(), key=self._order), questions)

    async def pages(self, ids: Sequence[str]) -> tuple[ScanPage, ...]:
        """The pages of these scans in their order. Raises `InvalidInput` for one that cannot be read."""
        async with self.database.reading() as session:
            rows = {row.id: row for row in await scans_by_ids(session, ids)}
        return tuple([page for each in ids if each in rows for page in await self._pages(rows[each])])

    async def page(self, ids: Sequence[str], number: int) -> ScanPage:
        """One page, from 1. Raises `NotFound`."""
        pages = await self.pages(ids)
        if not 1 <= number <= len(pages):
            raise NotFound("There is no such page.")
        return pages[number - 1]

    async def digest(self, ids: Sequence[str]) -> str:
        """What binds a copy to its original: the file's SHA-256; of several, that of theirs in order; else nothing."""
        async with self.database.reading() as session:
            rows = {row.id: row for row in await scans_by_ids(session, ids)}
        digests = [rows[each].digest for each in ids if each in rows]
        if len(digests) < 2:
            return "".join(digests)
        return hashlib.sha256(b"".join(bytes.fromhex(each) for each in digests)).hexdigest()

    async def _keep(self, collection_id: str, file: ScanFile) -> int:
        digest = hashlib.sha256(file.data).hexdigest()
        own = self._index(collection_id, file_key(file.name))
        async with self.database.reading() as session:
            if any(row.digest == digest for row in await scans_by_keys(session, collection_id, [own])):
                return 0
        scan_id = new_id()
        blob = await self.blobs.put(self.envelope.encrypt(file.data, context=f"collection scan:{scan_id}:original"))
        row = ScanRow(
            id=scan_id,
            collection_id=collection_id,
            name=self.envelope.encrypt(file.name.encode(), context=f"collection scan:{scan_id}:name"),
            file_key=own,
            group_key=self._index(collection_id, group_key(file.name)),
            digest=digest,
            size=len(file.data),
            original_blob=blob,
            pages_blob=None,
            at=self.clock(),
        )
        async with self.database.transaction() as session:
            session.add(row)
        return 1

    async def _readable(self, rows: Sequence[ScanRow], questions: list[Question]) -> RowScans:
        ids: list[str] = []
        count = 0
        for row in rows:
            try:
                count += len(await self._pages(row))
            except InvalidInput:
                questions.append(ask("bad-scan", "scan", name=self._name(row)[-60:]))
                continue
            ids.append(row.id)
        if count > MOST_PAGES_A_ROW:
            questions.append(ask("many-pages", "scan", fault=True, limit=MOST_PAGES_A_ROW))
        return RowScans(tuple(ids), tuple(questions))

    async def _pages(self, row: ScanRow) -> tuple[ScanPage, ...]:
        context = f"collection scan:{row.id}:pages"
        if row.pages_blob is not None:
            return unpacked(self.envelope.decrypt(await self.blobs.get(row.pages_blob), context=context))
        original = self.envelope.decrypt(
            await self.blobs.get(row.original_blob), context=f"collection scan:{row.id}:original"
        )
        pages = await render(original)
        blob = await self.blobs.put(self.envelope.encrypt(packed(pages), context=context))
        async with self.database.transaction() as session:
            kept = await session.get(ScanRow, row.id, with_for_update=True)
            if kept is not None and kept.pages_blob is None:
                kept.pages_blob = blob
        return pages

    def _order(self, row: ScanRow) -> list[tuple[int, str]]:
        """As people count: 2 before 10."""
        parts = re.split(r"(\d+)", self._name(row))
        return [(int(each), "") if each.isdecimal() else (-1, each) for each in parts]

    def _name(self, row: ScanRow) -> str:
        return self.envelope.decrypt(row.name, context=f"collection scan:{row.id}:name").decode()

    def _index(self, collection_id: str, key: str) -> str:
        return self.envelope.blind_index("collection scan", f"{collection_id}:{key}")


def _numbers(licence_type: LicenceType, collected: Collected) -> list[str]:
    """What files are usually called: by the licence's number, or by its holder's."""
    holder = str(collected.order.get("holder", {}).get("number", ""))
    printed = licence_type.number_of(collected.order.get("fields", {}), holder)
    return [each for each in (printed, holder) if each]
