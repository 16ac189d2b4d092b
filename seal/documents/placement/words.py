"""Where a word stands on the pages of a PDF or an OFD."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
from pypdfium2 import raw

from kernel.errors import InvalidInput
from seal.documents.ofd import markup
from seal.documents.ofd.document import load_document
from seal.documents.ofd.markup import Node
from seal.documents.ofd.package import OfdPackage
from seal.documents.raster import PDFIUM

MOST_HITS = 200
_POINTS_PER_MM = 72 / 25.4
_FINE = 100
"""Device units a point, so that places keep their fractions."""


@dataclass(frozen=True, slots=True)
class Word:
    """A found word's rectangle on a page (from 1), millimetres from the top left as seen."""

    page: int
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return self.x_mm + self.width_mm / 2, self.y_mm + self.height_mm / 2


@dataclass(frozen=True, slots=True)
class _Glyph:
    character: str
    left: float
    top: float
    right: float
    bottom: float


def find_words(document: bytes, format: str, text: str) -> list[Word]:
    """Every occurrence in reading order of the file, at most 200. White space and width of characters do not count."""
    wanted = _folded(text)
    pages = _pdf_glyphs(document) if format == "pdf" else _ofd_glyphs(document)
    found: list[Word] = []
    for number, glyphs in enumerate(pages, start=1):
        found += _matches(number, glyphs, wanted)
        if len(found) >= MOST_HITS:
            break
    return found[:MOST_HITS]


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _matches(page: int, glyphs: list[_Glyph], wanted: str) -> Iterator[Word]:
    """One glyph may fold into several characters; each remembers the glyph it came from."""
    characters = [(folded, glyph) for glyph in glyphs for folded in _folded(glyph.character)]
    line = "".join(folded for folded, _glyph in characters)
    start = line.find(wanted)
    while start >= 0 and wanted:
        boxes = [glyph for _folded, glyph in characters[start : start + len(wanted)]]
        left, top = min(box.left for box in boxes), min(box.top for box in boxes)
        right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
        yield Word(page, left, top, right - left, bottom - top)
        start = line.find(wanted, start + len(wanted))


def _pdf_glyphs(document: bytes) -> Iterator[list[_Glyph]]:
    with PDFIUM:
        try:
            opened = pypdfium2.PdfDocument(document)
        except pypdfium2.PdfiumError as failure:
            raise InvalidInput("The PDF cannot be read.", reason=str(failure)) from failure
        try:
            pages = [_page_glyphs(opened, number) for number in range(len(opened))]
        finally:
            opened.close()
    yield from pages


def _page_glyphs(opened: pypdfium2.PdfDocument, number: int) -> list[_Glyph]:
    try:
        page = opened[number]
        text = page.get_textpage()
        characters = text.get_text_range()
        boxes = [text.get_charbox(index) for index in range(min(text.count_chars(), len(characters)))]
    except pypdfium2.PdfiumError as failure:
        raise InvalidInput("The PDF cannot be read.", reason=str(failure)) from failure
    seen = [_as_seen(page, box) for box in boxes]
    return [_Glyph(character, *box) for character, box in zip(characters, seen, strict=False)]


def _as_seen(page: pypdfium2.PdfPage, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """From the page's own coordinates to millimetres from the top left of the page as it is turned."""
    left, bottom, right, top = box
    corners = [_device(page, x, y) for x, y in ((left, bottom), (right, top))]
    xs, ys = sorted(x for x, _y in corners), sorted(y for _x, y in corners)
    return xs[0], ys[0], xs[1], ys[1]


def _device(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    width, height = page.get_size()
    across, down = raw.c_int(), raw.c_int()
    size = (round(width * _FINE), round(height * _FINE))
    raw.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, across, down)
    return across.value / _FINE / _POINTS_PER_MM, down.value / _FINE / _POINTS_PER_MM


def _ofd_glyphs(document: bytes) -> Iterator[list[_Glyph]]:
    package = OfdPackage.read(document)
    document_file = load_document(package).document_file
    root = package.parse(document_file)
    listed = markup.child(root, "Pages")
    for page in markup.children(listed, "Page") if listed is not None else ():
        file = package.find(page.get("BaseLoc", ""), seen_from=document_file)
        content = markup.child(package.parse(file), "Content") if file else None
        yield [glyph for node in _text_objects(content) for glyph in _object_glyphs(node)]


def _text_objects(content: Node | None) -> Iterator[Node]:
    if content is not None:
        yield from (node for node in content.iter() if isinstance(node.tag, str) and _is(node, "TextObject"))


def _is(node: Node, name: str) -> bool:
    return markup.local_name(node) == name


def _object_glyphs(node: Node) -> Iterator[_Glyph]:
    """GB/T 33190-2016 §11: each TextCode begins at X, Y; DeltaX says how far it is from each character to the next."""
    box = _numbers(node.get("Boundary", ""))
    if len(box) != 4:
        return
    size = (_numbers(node.get("Size", "")) or [3.5])[0]
    matrix = _numbers(node.get("CTM", ""))
    matrix = matrix if len(matrix) == 6 else [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    x = y = 0.0
    for code in markup.children(node, "TextCode"):
        x, y = (_numbers(code.get("X", "")) or [x])[0], (_numbers(code.get("Y", "")) or [y])[0]
        text = (code.text or "").strip("\r\n")
        right, down = _deltas(code.get("DeltaX", ""), len(text)), _deltas(code.get("DeltaY", ""), len(text))
        at_x, at_y = x, y
        for index, character in enumerate(text):
            yield _placed(character, (at_x, at_y, size), matrix, (box[0], box[1]))
            at_x += right[index] if index < len(right) else (0.0 if down else size)
            at_y += down[index] if index < len(down) else 0.0


def _placed(
    character: str, spot: tuple[float, float, float], matrix: list[float], origin: tuple[float, float]
) -> _Glyph:
    """The glyph's em square above its base line, through the object's own matrix, on the page."""
    x, y, size = spot
    a, b, c, d, e, f = matrix
    corners = [(x + dx, y + dy) for dx in (0.0, size) for dy in (-0.88 * size, 0.12 * size)]
    xs = sorted(a * px + c * py + e + origin[0] for px, py in corners)
    ys = sorted(b * px + d * py + f + origin[1] for px, py in corners)
    return _Glyph(character, xs[0], ys[0], xs[-1], ys[-1])


def _deltas(value: str, most: int) -> list[float]:
    """Numbers, and `g n d` for n times d (§11.3)."""
    deltas: list[float] = []
    parts = iter(value.split())
    for part in parts:
        if len(deltas) >= most:
            break
        if part == "g":
            count, step = _numbers(next(parts, "")), _numbers(next(parts, ""))
            deltas += step[:1] * max(0, min(int(count[0]) if count else 0, most))
        else:
            deltas += _numbers(part)[:1]
    return deltas[:most]


def _numbers(value: str) -> list[float]:
    try:
        numbers = [float(each) for each in value.split()]
    except ValueError:
        return []
    return numbers if all(abs(each) < 1e6 for each in numbers) else []
