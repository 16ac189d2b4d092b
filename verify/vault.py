"""The vault of this house as verification sees it: licences become public faces here, masked, before anything else."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from kernel.clock import Clock
from kernel.errors import IntegrityError, NotFound
from kernel.i18n import DISPLAY_ZONE
from kernel.ids.masking import mask_number
from licence_vault.catalogue.fields import face_text
from licence_vault.catalogue.licence_type import label
from licence_vault.catalogue.service import Catalogue
from licence_vault.ledger.entries import LeafKind
from licence_vault.ledger.service import Ledger
from licence_vault.licences.licence import Licence, LicenceStatus
from licence_vault.lookup.service import Lookup
from licence_vault.presentations.service import Presentations
from licence_vault.sharing.service import Sharing
from verify.standing import LicenceStanding, LicenceState, LogEntry

AFTER = {
    "revoke": LicenceState.REVOKED,
    "suspend": LicenceState.SUSPENDED,
    "resume": LicenceState.VALID,
    "supersede": LicenceState.SUPERSEDED,
}
"""How a licence stands after each step of its life."""


class VaultStandings:
    """Answers as `standing.LicenceStandings` and `standing.Presentations` from the vault's own services.

    Whatever is found is noted in the licence's access record, which its holder reads.
    """

    def __init__(
        self,
        lookup: Lookup,
        presentations: Presentations,
        clock: Clock,
        ledger: Ledger | None = None,
        sharing: Sharing | None = None,
        catalogue: Catalogue | None = None,
    ) -> None:
        """`ledger`: the public log, where files are looked for; without it reports do not speak of the log.

        `sharing`: who knows the purpose-bound copies that were handed out. `catalogue`: what fields are called.
        """
        self._catalogue = catalogue
        self._sharing = sharing
        self._lookup = lookup
        self._ledger = ledger
        self._presentations = presentations
        self._clock = clock

    async def find_by_handle(self, handle: str) -> LicenceStanding | None:
        """See `LicenceStandings`."""
        return await self._seen(await self._lookup.find_by_handle(handle), "handle")

    async def find_by_identifier(self, identifier: str) -> LicenceStanding | None:
        """See `LicenceStandings`."""
        return await self._seen(await self._lookup.find_by_identifier(identifier), "file")

    async def state_on(self, identifier: str, day: date) -> LicenceState | None:
        """See `LicenceStandings`. Nothing is noted: whoever asks for a day has just been shown the licence."""
        licence = await self._lookup.find_by_identifier(identifier)
        end = datetime.combine(day + timedelta(days=1), time(), DISPLAY_ZONE)
        if licence is None or licence.issued_at >= end:
            return None
        state = LicenceState.VALID
        for event in await self._lookup.events(licence):
            if event.at < end:
                state = AFTER.get(event.action, state)
        return LicenceState(replace(licence, status=LicenceStatus.VALID).status_on(day)) if state == "valid" else state

    async def find_by_file_digest(self, sha256: str) -> LicenceStanding | None:
        """See `LicenceStandings`."""
        if (copy := await self._copy(sha256)) is not None:
            return copy
        licence = await self._lookup.find_by_file_digest(sha256)
        standing = await self._seen(licence, "file")
        if licence is None or standing is None or self._ledger is None:
            return standing
        return replace(standing, log_entry=await self._log_entry(self._ledger, licence.id, bytes.fromhex(sha256)))

    async def field_texts(self, type_code: str, version: int, fields: Mapping[str, object]) -> list[tuple[str, str]]:
        """See `LicenceStandings`; pictures are left out."""
        if self._catalogue is None:
            return [(name, str(value)) for name, value in fields.items()]
        licence_type = await self._catalogue.load(type_code, version)
        return [
            (label(schema.get("x-labels", {})) or name, face_text(schema, fields[name]))
            for name, schema in licence_type.fields
            if name in fields and name not in licence_type.pictures
        ]

    async def open(self, code: str) -> LicenceStanding:
        """See `Presentations`; the vault notes the scan itself."""
        shown = await self._presentations.open(code)
        licence, names = shown.licence, [each.removeprefix("fields.") for each in shown.shows if "." in each]
        chosen = {name: licence.content.fields[name] for name in names if name in licence.content.fields}
        return replace(
            await self._face(licence, tuple(each for each in shown.shows if "." not in each)),
            shown_fields=await self.field_texts(licence.type_code, licence.type_version, chosen),
            purpose=shown.purpose,
            shown_until=shown.expires_at,
        )

    async def _copy(self, sha256: str) -> LicenceStanding | None:
        found = await self._sharing.find_copy(sha256) if self._sharing is not None else None
        if found is None:
            return None
        standing = await self._seen(await self._lookup.find_by_id(found.licence_id), "file")
        if standing is None or self._ledger is None:
            return standing and replace(standing, copy_until=found.expires_at)
        entry = await self._log_entry(self._ledger, found.id, bytes.fromhex(sha256), kind="copied")
        return replace(standing, copy_until=found.expires_at, log_entry=entry)

    async def _log_entry(
        self, ledger: Ledger, subject: str, digest: bytes, *, kind: LeafKind = "sealed"
    ) -> LogEntry | None:
        """The proven entry of a file; None when the log has forgotten it or cannot prove it now."""
        try:
            proof = await ledger.proof(subject, kind=kind)
        except (NotFound, IntegrityError):
            return None
        holds = proof.opening is not None and digest in proof.opening.digests
        return LogEntry(proof.index, proof.tree_size, holds)

    async def _seen(self, licence: Licence | None, way: str) -> LicenceStanding | None:
        if licence is None:
            return None
        await self._lookup.note_access(licence.id, way)
        return await self._face(licence)

    async def _face(self, licence: Licence, shows: tuple[str, ...] = ()) -> LicenceStanding:
        holder, number = licence.content.holder, licence.content.number
        whole = {"holder_name": holder.name, "holder_number": holder.number, "number": number}
        newer = await self._lookup.find_by_id(licence.superseded_by) if licence.superseded_by else None
        today = self._clock().astimezone(DISPLAY_ZONE).date()
        return LicenceStanding(
            identifier=licence.identifier,
            version=licence.version,
            type_code=licence.type_code,
            type_name=licence.type_name,
            issuer_name=licence.issuer_name,
            issuer_uscc=licence.issuer_uscc,
            number_masked=mask_number(number),
            holder_masked=holder.masked_name,
            valid_from=licence.valid_from,
            valid_to=licence.valid_to,
            state=LicenceState(licence.status_on(today)),
            cause=licence.status_cause or None,
            changed_at=licence.status_changed_at,
            newer_version=newer.version if newer else None,
            disclosed={name: whole[name] for name in shows},
            content_digest=licence.content_digest,
        )
