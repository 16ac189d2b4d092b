"""Files that somebody has sent and has not yet said where to seal: kept encrypted, for an hour."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.audit.chain import Actor
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import NotFound
from kernel.ids.time_ordered import new_id
from seal.signing.jobs.job import SentFile
from seal.signing.jobs.protection import JobData

KEPT_SECONDS = 50 * 60
"""Less than the age at which blobs that no job names are swept."""


@dataclass(frozen=True)
class Draft:
    """What was sent: names, formats, and where each file lies."""

    id: str
    files: Sequence[tuple[str, str, str]]


class Drafts:
    """A draft is its sender's alone."""

    def __init__(self, store: EphemeralStore, data: JobData) -> None:
        self._store = store
        self._data = data

    async def keep(self, actor: Actor, files: Sequence[SentFile]) -> Draft:
        """Keep files until it is said what to do with them."""
        id = new_id()
        kept = [(file.name, file.format, await self._data.keep(id, "draft", file.data)) for file in files]
        await self._store.put(_key(actor, id), self._data.close(id, "draft", kept), KEPT_SECONDS)
        return Draft(id, kept)

    async def load(self, actor: Actor, id: str) -> Draft:
        """Raises NotFound when it is somebody else's or its time is over."""
        stored = await self._store.get(_key(actor, id))
        if stored is None:
            raise NotFound("These files are no longer kept. Choose them again.")
        return Draft(id, [(name, format, blob) for name, format, blob in self._data.open(id, "draft", stored)])

    async def file(self, draft: Draft, number: int) -> SentFile:
        """One of its files, from 1."""
        name, format, blob = draft.files[number - 1]
        return SentFile(name, "pdf" if format == "pdf" else "ofd", await self._data.load(draft.id, "draft", blob))

    async def files(self, draft: Draft) -> list[SentFile]:
        """All of them."""
        return [await self.file(draft, number) for number in range(1, len(draft.files) + 1)]


def _key(actor: Actor, id: str) -> str:
    return "seal-draft:" + json.dumps([actor.kind, actor.id, id])
