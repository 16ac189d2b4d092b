"""Licences drawn without a house: the shipped types, their examples, and small faces of our own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from licence_vault.caller import Issuer
from licence_vault.catalogue.licence_type import LicenceType, read_licence_type
from licence_vault.catalogue.service import SHIPPED
from licence_vault.issuing.drafting import Draft, make_draft
from licence_vault.issuing.order import read_order
from licence_vault.issuing.rendering import FACE_NAMES
from licence_vault.layout.composition import compose
from licence_vault.layout.document import LicenceDocument
from licence_vault.layout.face import read_face
from licence_vault.layout.fonts import FontBook, load_fonts
from licence_vault.layout.ofd import write_ofd
from licence_vault.layout.pdf.writing import write_pdf
from licence_vault.status.places import StatusPlace
from tests.houses import AGENCY, CITIZEN_NAME, CITIZEN_NUMBER, COMPANY_NAME, COMPANY_NUMBER

NOW = datetime(2026, 11, 21, 2, 30, 15, tzinfo=UTC)
QR = "HTTPS://ID.EXAMPLE.GOV.CN/V/" + "7QH3K0ZC9W" * 3 + "#" + "2KRBNMA4UCYKZVOQ" * 20
TYPE_FILES = sorted(path.name for path in SHIPPED.glob("*.json"))
SIZE = 13.5
"""Points, of the text on the small face."""


@dataclass(frozen=True)
class Sample:
    """A document and both files made from it."""

    document: LicenceDocument
    values: Mapping[str, str]
    ofd: bytes
    pdf: bytes

    @property
    def fields(self) -> dict[str, str]:
        """The fields' values; of a table its whole text."""
        return {of: value for of, value in self.values.items() if of.startswith("fields.") and of.count(".") == 1}

    @property
    def drawn_fields(self) -> dict[str, str]:
        """The fields' values as they are drawn: of a table its cells."""
        cells = {of: value for of, value in self.values.items() if of.startswith("fields.") and of.count(".") == 3}
        tables = {of.rsplit(".", 2)[0] for of in cells}
        return cells | {of: value for of, value in self.fields.items() if of not in tables}


@cache
def fonts() -> FontBook:
    return load_fonts()


@cache
def shipped_type(name: str) -> LicenceType:
    return read_licence_type(json.loads((SHIPPED / name).read_text(encoding="utf-8")))


PLACE = StatusPlace("https://licences.example/api/v1/status/1", 1, 4711)


def draft_of(licence_type: LicenceType) -> Draft:
    """The example of a type, held by a company, or by a citizen where companies cannot hold it."""
    holder = {"kind": "legal", "id_type": "001", "number": COMPANY_NUMBER, "name": COMPANY_NAME}
    if "001" not in licence_type.holder_id_types:
        holder = {"kind": "natural", "id_type": "111", "number": CITIZEN_NUMBER, "name": CITIZEN_NAME}
    order = read_order({"type": licence_type.code, "holder": holder, "fields": licence_type.example}, licence_type)
    return make_draft(licence_type, order, Issuer(AGENCY.uscc, AGENCY.name), NOW, place=PLACE)


@cache
def example(name: str) -> Sample:
    """A shipped type's example, drawn."""
    licence_type = shipped_type(name)
    draft = draft_of(licence_type)
    values = draft.values | {"verification.qr": QR}
    document = LicenceDocument(
        drawing=compose(licence_type.face, values, draft.images, fonts()),
        document_id="0123456789abcdef0123456789abcdef",
        title=licence_type.name,
        author=draft.issuer.name,
        created_at=NOW,
        data_xml=draft.data_xml,
        metadata=draft.metadata,
        field_names=FACE_NAMES | draft.field_names,
    )
    return both(document, values)


def small_face(**value: Any) -> dict[str, Any]:
    """An A6 page with a label and one value in a box of 60 × 12 mm; `value` changes the value's element."""
    element = {"kind": "value", "of": "fields.name", "box": [20, 40, 60, 12], "size": SIZE, "wrap": True} | value
    label = {"kind": "label", "text": "名称", "box": [20, 20, 60, 8], "size": SIZE, "align": "spread"}
    return {"paper": [105, 148], "pages": [{"elements": [label, element]}]}


def small(text: str, *, images: Mapping[str, bytes] | None = None, face: dict[str, Any] | None = None) -> Sample:
    """`text` on the small face, or on `face`."""
    values = {"fields.name": text}
    drawing = compose(read_face(face or small_face()), values, images or {}, fonts())
    document = LicenceDocument(
        drawing=drawing,
        document_id="f" * 32,
        title="名称 <&> \"'",
        author=AGENCY.name,
        created_at=NOW,
        data_xml=b"<licence/>",
        metadata={"ZZBS": "1.2.156.3005.2 <&>"},
        field_names={"fields.name": "名称", "fields.photo": "照片"},
    )
    return both(document, values)


def both(document: LicenceDocument, values: Mapping[str, str]) -> Sample:
    return Sample(document, values, write_ofd(document, fonts()), write_pdf(document, fonts()))


def redrawn(sample: Sample, **changes: Any) -> Sample:
    """The same drawing with other particulars."""
    return both(replace(sample.document, **changes), sample.values)
