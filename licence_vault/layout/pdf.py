"""Writing a licence as PDF (ISO 32000-1) with the skeleton of PDF/A-3b (ISO 19005-3), not yet sealed."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from licence_vault.layout.document import PRODUCER, LicenceDocument
from licence_vault.layout.drawing import Colour, DrawnPage, Image, Item, Path, Segment, Text, number
from licence_vault.layout.face import POINT
from licence_vault.layout.fonts import FontBook, Subset
from licence_vault.layout.pdf_objects import (
    PDFFile,
    add_font,
    add_image,
    add_output_intent,
    pdf_date,
    text_string,
    xmp_packet,
)

OPERATORS = {"M": "m", "L": "l", "B": "c", "C": "h"}


def write_pdf(document: LicenceDocument, fonts: FontBook) -> bytes:
    """The PDF file. The same document gives the same bytes."""
    return _Writer(document, fonts).write()


class _Writer:
    def __init__(self, document: LicenceDocument, fonts: FontBook) -> None:
        self.document = document
        self.fonts = fonts
        self.file = PDFFile()
        self.subsets: dict[str, Subset] = {}

    def write(self) -> bytes:
        catalogue, pages = self.file.reserve(), self.file.reserve()
        font_refs = self._write_fonts()
        resources = "/Font<<" + "".join(f"/{key} {ref} 0 R" for key, ref in font_refs.items()) + ">>"
        kids = [self._write_page(page, pages, resources) for page in self.document.drawing.pages]
        self.file.fill(pages, f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(f'{k} 0 R' for k in kids)}]>>")
        self._write_catalogue(catalogue, pages)
        info = self.file.add(
            f"<</Title {text_string(self.document.title)}/Author {text_string(self.document.author)}"
            f"/Producer {text_string(PRODUCER)}/Creator {text_string(PRODUCER)}"
            f"/CreationDate {pdf_date(self.document.created_at)}/ModDate {pdf_date(self.document.created_at)}>>"
        )
        return self.file.finish(catalogue, info, bytes.fromhex(self.document.document_id))

    def _write_fonts(self) -> dict[str, int]:
        characters: dict[str, set[str]] = defaultdict(set)
        for text in self.document.drawing.texts():
            for line in text.lines:
                characters[text.typeface].update(line.text)
        for key in sorted(characters):
            self.subsets[key] = self.fonts.typeface(key).subset(characters[key])
        return {key: add_font(self.file, self.fonts.typeface(key), self.subsets[key]) for key in self.subsets}

    def _write_page(self, page: DrawnPage, parent: int, fonts: str) -> int:
        images = {
            item.data: add_image(self.file, item.data)
            for item in (*page.fixed, *page.variable)
            if isinstance(item, Image)
        }
        names = {data: f"Im{index}" for index, data in enumerate(images)}
        content = _page_content(page, self.subsets, names)
        stream = self.file.add_stream("", content)
        objects = "".join(f"/{names[data]} {ref} 0 R" for data, ref in images.items())
        width, height = number(page.width / POINT), number(page.height / POINT)
        return self.file.add(
            f"<</Type/Page/Parent {parent} 0 R/MediaBox[0 0 {width} {height}]/Contents {stream} 0 R"
            f"/Resources<<{fonts}/XObject<<{objects}>>>>>>"
        )

    def _write_catalogue(self, catalogue: int, pages: int) -> None:
        document = self.document
        metadata = self.file.add_stream("/Type/Metadata/Subtype/XML", xmp_packet(document), compress=False)
        intent = add_output_intent(self.file)
        data = self._attach_data(document.data_xml, document.created_at)
        self.file.fill(
            catalogue,
            f"<</Type/Catalog/Pages {pages} 0 R/Metadata {metadata} 0 R/Lang(zh-CN)/OutputIntents[{intent} 0 R]"
            f"/MarkInfo<</Marked false>>/ViewerPreferences<</DisplayDocTitle true>>/AF[{data} 0 R]"
            f"/Names<</EmbeddedFiles<</Names[(licence.xml) {data} 0 R]>>>>>>",
        )

    def _attach_data(self, xml: bytes, moment: datetime) -> int:
        checksum = hashlib.md5(xml, usedforsecurity=False).hexdigest()
        stream = self.file.add_stream(
            f"/Type/EmbeddedFile/Subtype/text#2Fxml/Params<</Size {len(xml)}/ModDate {pdf_date(moment)}"
            f"/CheckSum<{checksum}>>>",
            xml,
        )
        return self.file.add(
            f"<</Type/Filespec/F(licence.xml)/UF{text_string('licence.xml')}/AFRelationship/Data"
            f"/EF<</F {stream} 0 R/UF {stream} 0 R>>>>"
        )


def _page_content(page: DrawnPage, subsets: Mapping[str, Subset], images: Mapping[bytes, str]) -> bytes:
    scale = f"{1 / POINT:.6f}"
    # From here on millimetres, y downwards, exactly as the drawing has them.
    parts = [f"q {scale} 0 0 -{scale} 0 {number(page.height / POINT)} cm"]
    parts.extend(_kept_path(item) if isinstance(item, Path) else _item(item, subsets, images) for item in page.fixed)
    parts.extend(_item(item, subsets, images) for item in page.variable)
    parts.append("Q")
    return "\n".join(parts).encode("ascii")


def _item(item: Item, subsets: Mapping[str, Subset], images: Mapping[bytes, str]) -> str:
    match item:
        case Text():
            return _text(item, subsets[item.typeface])
        case Path():
            return _path(item)
        case Image(box=box):
            place = f"{number(box.width)} 0 0 {number(-box.height)} {number(box.x)} {number(box.y + box.height)}"
            return f"q {place} cm /{images[item.data]} Do Q"


def _text(text: Text, subset: Subset) -> str:
    parts = [f"{_colour(text.colour)} rg BT /{text.typeface} {number(text.size)} Tf"]
    for line in text.lines:
        shown = _shown(line.text, line.advances, text.size, subset)
        parts += [f"1 0 0 -1 {number(line.x)} {number(line.baseline)} Tm", f"[{shown}] TJ"]
    parts.append("ET")
    return " ".join(parts)


def _shown(characters: str, advances: tuple[float, ...], size: float, subset: Subset) -> str:
    """Glyph codes, with the extra space between characters in thousandths of the size."""
    parts: list[str] = []
    run: list[str] = []
    for character, advance in zip(characters, advances, strict=True):
        glyph = subset.glyphs[character]
        run.append(f"{glyph:04X}")
        extra = advance * 1000 / size - subset.advances[glyph]
        if abs(extra) > 0.5:
            parts.append(f"<{''.join(run)}>{number(-extra)}")
            run = []
    if run:
        parts.append(f"<{''.join(run)}>")
    return "".join(parts)


def _path(path: Path) -> str:
    parts = []
    if path.stroke:
        parts.append(f"{_colour(path.stroke)} RG {number(path.stroke_width)} w")
    if path.fill:
        parts.append(f"{_colour(path.fill)} rg")
    parts.extend(_segment(segment) for segment in path.segments)
    parts.append("B" if path.stroke and path.fill else "S" if path.stroke else "f" if path.fill else "n")
    return " ".join(parts)


_kept_path = lru_cache(maxsize=1024)(_path)
"""For the ornaments of a face, which are the same in each licence: writing them costs ten times all the rest."""


def _segment(segment: Segment) -> str:
    numbers = " ".join(number(value) for value in segment[1:] if isinstance(value, float | int))
    return f"{numbers} {OPERATORS[segment[0]]}".strip()


def _colour(colour: Colour) -> str:
    return " ".join(number(part / 255) for part in colour)
