"""From an order to a draft: identifier, period, the data in GB/T 36903 words. Pure but for randomness and the clock."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from xml.sax.saxutils import escape

from kernel.i18n import DISPLAY_ZONE
from kernel.ids.handles import new_handle
from kernel.ids.holder_codes import HOLDER_CODE_TYPES
from kernel.ids.licence_identifier import LicenceIdentifier
from kernel.ids.masking import mask_number
from kernel.ids.time_ordered import new_id
from licence_vault.caller import Issuer
from licence_vault.catalogue.fields import chinese_date, face_names, face_text, face_values, picture_bytes
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.issuing.order import IssueOrder
from licence_vault.licences.licence import LicenceContent, content_digest
from licence_vault.licences.origin import Origin
from licence_vault.status.places import StatusPlace

_SERIAL_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SERIAL_LENGTH = 20
LONG_TERM = "长期"

# RFC 8392 claim names, and private ones that `verify.qr` reads.
CLAIM_ISSUER, CLAIM_SUBJECT, CLAIM_EXPIRES, CLAIM_NOT_BEFORE, CLAIM_ISSUED_AT = 1, 2, 4, 5, 6
CLAIM_TYPE_NAME, CLAIM_NUMBER, CLAIM_HOLDER, CLAIM_CONTENT = -70001, -70002, -70003, -70004
CLAIM_STATUS = -70005
"""[list, index]. The registered claim (65535) spells the list's address out, and the code would grow by a third."""

STATUS_NAME = "StatusList"
"""The metadata that says where a file's licence stands; GB/T 36903 has no name for it."""


@dataclass(frozen=True)
class Draft:
    """A licence that is not sealed yet."""

    id: str
    licence_type: LicenceType
    identifier: LicenceIdentifier
    issuer: Issuer
    content: LicenceContent = field(repr=False)
    valid_from: date
    valid_to: date | None
    issued_at: datetime
    handle: str
    content_digest: str
    status_place: StatusPlace
    origin: Origin | None = None
    """What it is converted from; None for a licence that was never anything else."""

    @property
    def values(self) -> dict[str, str]:
        """What a face may show, by name."""
        shown = face_values(self.licence_type, self.content.fields)
        last = chinese_date(self.valid_to) if self.valid_to else LONG_TERM
        return shown | {
            "holder.name": self.content.holder.name,
            "holder.number": self.content.holder.number,
            "issuer.name": self.issuer.name,
            "licence.identifier": str(self.identifier),
            "licence.issued_date": chinese_date(self._issued_on) if self._issued_on else "",
            "licence.valid_to": last,
            "licence.validity": f"{chinese_date(self.valid_from)} 至 {last}" if self.valid_to else LONG_TERM,
        }

    @property
    def _issued_on(self) -> date | None:
        """What a face says; a converted copy says when the original was issued, or nothing."""
        return self.origin.issued_on if self.origin else self.issued_at.astimezone(DISPLAY_ZONE).date()

    @property
    def images(self) -> dict[str, bytes]:
        """The pictures that a face may show, by name."""
        fields = self.content.fields
        return {f"fields.{name}": picture_bytes(fields[name]) for name in self.licence_type.pictures & set(fields)}

    @property
    def field_names(self) -> dict[str, str]:
        """The Chinese name of each field, for the index of the OFD."""
        return face_names(self.licence_type, self.content.fields)

    @property
    def metadata(self) -> dict[str, str]:
        """GB/T 36903 by its short names, where the status stands, and what a copy was converted from."""
        holder = self.content.holder
        converted_on = self.issued_at.astimezone(DISPLAY_ZONE).date()
        return {
            "ZZBS": str(self.identifier),
            "ZZMC": self.licence_type.name,
            "ZZLXDM": self.licence_type.code,
            "ZZBH": self.content.number,
            "ZZBFJG": self.issuer.name,
            "ZZBFJGDM": self.issuer.uscc,
            "ZZBFRQ": self.issued_at.astimezone(DISPLAY_ZONE).date().isoformat(),
            "ZZYXQQSRQ": self.valid_from.isoformat(),
            "ZZYXQJZRQ": self.valid_to.isoformat() if self.valid_to else LONG_TERM,
            "CZZT": holder.name,
            "CZZTDM": holder.number,
            "CZZTDMLX": HOLDER_CODE_TYPES[holder.id_type].label_zh,
            "CZZTDMLXDM": holder.id_type,
            STATUS_NAME: str(self.status_place),
            **(self.origin.metadata(converted_on, self.issuer.name) if self.origin else {}),
        }

    @property
    def claims(self) -> dict[int, object]:
        """What the static QR code says, signed: nothing that its reader could not see masked."""
        claims: dict[int, object] = {
            CLAIM_ISSUER: self.issuer.name,
            CLAIM_SUBJECT: str(self.identifier),
            CLAIM_NOT_BEFORE: _begin(self.valid_from),
            CLAIM_ISSUED_AT: int(self.issued_at.timestamp()),
            CLAIM_TYPE_NAME: self.licence_type.name,
            CLAIM_NUMBER: mask_number(self.content.number),
            CLAIM_HOLDER: self.content.holder.masked_name,
            CLAIM_CONTENT: bytes.fromhex(self.content_digest),
            CLAIM_STATUS: [self.status_place.list_number, self.status_place.index],
        }
        if self.valid_to:
            claims[CLAIM_EXPIRES] = _begin(self.valid_to)
        return claims

    @property
    def data_xml(self) -> bytes:
        """The licence's data as XML, to travel inside both files."""
        return licence_xml(self.metadata, self.licence_type, self.content)


def make_draft(
    licence_type: LicenceType,
    order: IssueOrder,
    issuer: Issuer,
    now: datetime,
    *,
    place: StatusPlace,
    previous: LicenceIdentifier | None = None,
    origin: Origin | None = None,
) -> Draft:
    """A draft of the first version, or of the next one after `previous`, with its `place` on a status list.

    `origin`: what it is converted from.
    """
    if previous is not None:
        identifier = previous.next_version()
    else:
        serial = "".join(secrets.choice(_SERIAL_ALPHABET) for _ in range(_SERIAL_LENGTH))
        identifier = LicenceIdentifier(licence_type.code, issuer.uscc, serial)
    valid_from, valid_to = _period(licence_type, order, now)
    number = licence_type.number_of(order.fields, order.holder.number) or identifier.serial
    content = LicenceContent(order.holder, order.fields, number, secrets.token_hex(16))
    return Draft(
        id=new_id(),
        licence_type=licence_type,
        identifier=identifier,
        issuer=issuer,
        content=content,
        valid_from=valid_from,
        valid_to=valid_to,
        issued_at=now.replace(microsecond=0),
        handle=new_handle(),
        content_digest=content_digest(str(identifier), licence_type.code, content, (valid_from, valid_to)),
        status_place=place,
        origin=origin,
    )


def licence_xml(metadata: Mapping[str, str], licence_type: LicenceType, content: LicenceContent) -> bytes:
    """Metadata and fields, by their Chinese labels too."""
    rows = [f'  <metadata name="{name}">{escape(value)}</metadata>' for name, value in metadata.items()]
    for name, schema in licence_type.fields:
        if name in content.fields and not schema.get("x-picture"):
            title = escape(schema.get("x-labels", {}).get("zh", name), {'"': "&quot;"})
            rows.append(
                f'  <field name="{name}" label="{title}">{escape(face_text(schema, content.fields[name]))}</field>'
            )
    body = "\n".join(rows)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<licence xmlns="urn:xinyin:licence">\n{body}\n</licence>\n'.encode()
    )


def _period(licence_type: LicenceType, order: IssueOrder, now: datetime) -> tuple[date, date | None]:
    start = order.valid_from or now.astimezone(DISPLAY_ZONE).date()
    if order.says_valid_to or licence_type.term_years is None:
        return start, order.valid_to
    years = licence_type.term_years
    try:
        anniversary = start.replace(year=start.year + years)
    except ValueError:  # 29 February
        anniversary = date(start.year + years, 3, 1)
    return start, anniversary - timedelta(days=1)


def _begin(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=DISPLAY_ZONE).timestamp())
