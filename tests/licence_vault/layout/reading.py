"""Reading both files back with other people's eyes: where each character stands, in millimetres from the top left."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname, join, normpath

import pypdfium2
from lxml import etree
from PIL import Image
from pypdfium2 import raw

NAMESPACES = {"ofd": "http://www.ofdspec.org/2016"}
POINT_MM = 25.4 / 72


@dataclass(frozen=True, order=True)
class Placed:
    """A character with the start of its baseline."""

    page: int
    y: float
    x: float
    character: str


class Package:
    """An OFD file's parts by name."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self.names = archive.namelist()
            self.parts = {name: archive.read(name) for name in self.names}

    def xml(self, name: str) -> etree._Element:
        return etree.fromstring(self.parts[name])

    def follow(self, origin: str, location: str) -> str:
        """The name of the part that `location` means when it stands in the part `origin` (ST_Loc)."""
        return location.lstrip("/") if location.startswith("/") else normpath(join(dirname(origin), location))

    @property
    def root_name(self) -> str:
        return self.follow("OFD.xml", text_of(self.xml("OFD.xml"), ".//ofd:DocRoot"))

    @property
    def document(self) -> etree._Element:
        return self.xml(self.root_name)

    def pages(self) -> Iterator[tuple[str, etree._Element, list[etree._Element]]]:
        """Each page's id, the page, and the templates below it."""
        templates = {each.get("ID"): each.get("BaseLoc") for each in find(self.document, ".//ofd:TemplatePage")}
        for entry in find(self.document, "ofd:Pages/ofd:Page"):
            page = self.xml(self.follow(self.root_name, entry.get("BaseLoc") or ""))
            used = [templates.get(each.get("TemplateID")) for each in find(page, "ofd:Template")]
            yield (
                entry.get("ID") or "",
                page,
                [self.xml(self.follow(self.root_name, location)) for location in used if location],
            )


def find(element: etree._Element, path: str) -> list[etree._Element]:
    found: list[etree._Element] = element.findall(path, NAMESPACES)
    return found


def text_of(element: etree._Element, path: str) -> str:
    return element.findtext(path, "", NAMESPACES)


def ofd_characters(data: bytes) -> list[Placed]:
    """Every character of an OFD, blanks left out."""
    placed = []
    for index, (_id, page, templates) in enumerate(Package(data).pages()):
        for part in (*templates, page):
            for text in find(part, ".//ofd:TextObject"):
                placed += [Placed(index, y, x, character) for character, x, y in _text_object(text)]
    return sorted(each for each in placed if not each.character.isspace())


def _text_object(text: etree._Element) -> Iterator[tuple[str, float, float]]:
    left, top = map(float, (text.get("Boundary") or "").split()[:2])
    for code in find(text, "ofd:TextCode"):
        x, y = left + float(code.get("X") or 0), top + float(code.get("Y") or 0)
        deltas = list(expand(code.get("DeltaX") or ""))
        characters = code.text or ""
        assert len(deltas) == len(characters) - 1
        for character, advance in zip(characters, [*deltas, 0.0], strict=True):
            yield character, x, y
            x += advance


def expand(array: str) -> Iterator[float]:
    """`g count value` written out (GB/T 33190 §11.3)."""
    words = iter(array.split())
    for word in words:
        if word == "g":
            count, value = int(next(words)), float(next(words))
            yield from [value] * count
        else:
            yield float(word)


def pdf_characters(data: bytes) -> list[Placed]:
    """Every character of a PDF as PDFium finds it, blanks left out."""
    placed = []
    document = pypdfium2.PdfDocument(data)
    for index, page in enumerate(document):
        height, text = page.get_height(), page.get_textpage()
        for position in range(text.count_chars()):
            character = chr(raw.FPDFText_GetUnicode(text, position))
            if character.isspace() or raw.FPDFText_IsGenerated(text, position) == 1:
                continue
            x, y = raw.c_double(), raw.c_double()
            assert raw.FPDFText_GetCharOrigin(text, position, x, y)
            placed.append(Placed(index, (height - y.value) * POINT_MM, x.value * POINT_MM, character))
    document.close()
    return sorted(placed)


def rendered(data: bytes, *, dpi: int, page: int = 0) -> Image.Image:
    """A page as pixels."""
    document = pypdfium2.PdfDocument(data)
    picture: Image.Image = document[page].render(scale=dpi / 72).to_pil().convert("RGB")
    document.close()
    return picture
