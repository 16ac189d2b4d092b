"""A draft drawn as OFD and PDF. CPU-bound: call it through `asyncio.to_thread`."""

import hashlib
from dataclasses import dataclass, replace

from licence_vault.issuing.converting import draw_converted
from licence_vault.issuing.drafting import Draft
from licence_vault.layout.composition import compose
from licence_vault.layout.document import LicenceDocument
from licence_vault.layout.fonts import FontBook
from licence_vault.layout.ofd import write_ofd
from licence_vault.layout.pdf.writing import write_pdf

FACE_NAMES = {
    "holder.name": "持证主体",
    "holder.number": "持证主体代码",
    "issuer.name": "证照颁发机构",
    "licence.identifier": "证照标识",
    "licence.issued_date": "证照颁发日期",
    "licence.valid_to": "有效期截止日期",
    "licence.validity": "有效期",
}


@dataclass(frozen=True)
class Rendering:
    """Both files, not sealed yet. A PDF that is to carry the sealed OFD is written later, from `waiting`."""

    ofd: bytes
    pdf: bytes
    waiting: LicenceDocument | None = None

    def carrying(self, sealed_ofd: bytes, fonts: FontBook) -> "Rendering":
        """With the PDF that carries the sealed OFD. CPU-bound."""
        assert self.waiting is not None, "this type's PDF carries nothing"
        return Rendering(self.ofd, write_pdf(replace(self.waiting, sealed_ofd=sealed_ofd), fonts))


def render(draft: Draft, qr: str, fonts: FontBook) -> Rendering:
    """Draw the face once, write it twice. Raises as `draw` does."""
    document = draw(draft, qr, fonts)
    if draft.licence_type.pdf_carries_ofd:
        return Rendering(write_ofd(document, fonts), b"", document)
    return Rendering(write_ofd(document, fonts), write_pdf(document, fonts))


def draw(draft: Draft, qr: str, fonts: FontBook) -> LicenceDocument:
    """What both files show and hold. Raises `InvalidInput` naming a field that does not fit or cannot be drawn."""
    drawing = compose(draft.licence_type.face, draft.values | {"verification.qr": qr}, draft.images, fonts)
    if draft.origin is not None:
        drawing = draw_converted(draft, drawing, qr, fonts)
    return LicenceDocument(
        drawing=drawing,
        document_id=hashlib.sha256(str(draft.identifier).encode()).hexdigest()[:32],
        title=draft.licence_type.name,
        author=draft.issuer.name,
        created_at=draft.issued_at,
        data_xml=draft.data_xml,
        metadata=draft.metadata,
        field_names=FACE_NAMES | draft.field_names,
    )
