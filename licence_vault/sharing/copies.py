"""Purpose-bound copies (加注件): the licence drawn again, with purpose, requester and last day on every page.

A copy is a document of its own, sealed by the issuing authority by itself. CPU-bound: call through `asyncio.to_thread`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from kernel.i18n import DISPLAY_ZONE
from kernel.ids.licence_identifier import LicenceIdentifier
from licence_vault.caller import Issuer
from licence_vault.catalogue.fields import chinese_date
from licence_vault.catalogue.licence_type import LicenceType
from licence_vault.issuing.drafting import STATUS_NAME, Draft, licence_xml
from licence_vault.issuing.rendering import draw
from licence_vault.layout.drawing import Box, Drawing, DrawnPage, Text
from licence_vault.layout.face import Style
from licence_vault.layout.fonts import FontBook
from licence_vault.layout.ofd import write_ofd
from licence_vault.layout.pdf.writing import write_pdf
from licence_vault.layout.typesetting import set_text
from licence_vault.licences.licence import Licence
from licence_vault.status.places import StatusPlace

MARGIN_MM, ROW_MM, STEP_MM = 22.0, 16.0, 40.0
PALE = (201, 137, 137)
STYLE = Style(size=12, smallest=6, align="centre", wrap=True, colour=PALE)

NOWHERE = StatusPlace("", 0, 0)


@dataclass(frozen=True)
class CopyMark:
    """What a copy says of itself. `copy_id`: 32 hex digits."""

    copy_id: str
    agency: str
    purpose: str
    created_at: datetime
    expires_at: datetime

    @property
    def text(self) -> str:
        """The watermark, in the words of the provinces' rules for copies."""
        return f"此件由电子证照加注生成，仅供{self.agency}用于“{self.purpose}”，有效期至{self._last_day}"

    @property
    def metadata(self) -> dict[str, str]:
        """GB/T 36903 by its short names."""
        return {
            "JZJZZSJ": self.created_at.astimezone(DISPLAY_ZONE).isoformat(timespec="seconds"),
            "JZJZZZ": self.agency,
            "JZJZZSY": self.purpose,
            "JZJYXQJZSJ": self.expires_at.astimezone(DISPLAY_ZONE).isoformat(timespec="seconds"),
        }

    @property
    def _last_day(self) -> str:
        local = self.expires_at.astimezone(DISPLAY_ZONE)
        return f"{chinese_date(local.date())}{local.hour}时{local.minute:02}分"


@dataclass(frozen=True)
class Original:
    """What a copy is made of."""

    licence: Licence
    licence_type: LicenceType
    place: StatusPlace | None


def draw_copy(original: Original, mark: CopyMark, format: str, fonts: FontBook) -> bytes:
    """The copy, not sealed yet. Raises `InvalidInput` when the purpose has a character that cannot be printed."""
    document = draw(_draft(original), original.licence.qr, fonts)
    metadata = {**_without_place(original, document.metadata), **mark.metadata}
    marked = replace(
        document,
        drawing=Drawing(tuple(_marked(page, mark.text, fonts) for page in document.drawing.pages)),
        document_id=mark.copy_id,
        created_at=mark.created_at,
        metadata=metadata,
        data_xml=licence_xml(metadata, original.licence_type, original.licence.content),
    )
    return write_ofd(marked, fonts) if format == "ofd" else write_pdf(marked, fonts)


def _marked(page: DrawnPage, text: str, fonts: FontBook) -> DrawnPage:
    """Over the printed ground and under what the licence says, so that nothing becomes illegible."""
    marks: list[Text] = []
    for row in count():
        top = MARGIN_MM + row * STEP_MM
        if top + ROW_MM > page.height:
            break
        box = Box(MARGIN_MM, top, page.width - 2 * MARGIN_MM, ROW_MM)
        marks += (replace(each, field=None) for each in set_text(text, box, STYLE, fonts, field="purpose"))
    return replace(page, variable=(*marks, *page.variable))


def _without_place(original: Original, metadata: Mapping[str, str]) -> dict[str, str]:
    """Licences from before the status lists stand on none."""
    return {name: value for name, value in metadata.items() if name != STATUS_NAME or original.place is not None}


def _draft(original: Original) -> Draft:
    licence = original.licence
    return Draft(
        id=licence.id,
        licence_type=original.licence_type,
        identifier=LicenceIdentifier.parse(licence.identifier),
        issuer=Issuer(licence.issuer_uscc, licence.issuer_name),
        content=licence.content,
        valid_from=licence.valid_from,
        valid_to=licence.valid_to,
        issued_at=licence.issued_at,
        handle=licence.handle,
        content_digest=licence.content_digest,
        status_place=original.place or NOWHERE,
    )
