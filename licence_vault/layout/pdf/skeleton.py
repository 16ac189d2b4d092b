"""What all licences of one type share in their PDF files, serialised and deflated once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from licence_vault.layout.drawing import Image, Item, Modules, Text
from licence_vault.layout.fonts import FontBook
from licence_vault.layout.pdf.content import PageFonts, Picture, page_content
from licence_vault.layout.pdf.objects import Opening, PDFFile, add_font, add_image, add_modules, add_output_intent

BEST = 9
PageItems = tuple[tuple[Item, ...], float]
"""Items of a page, and its height in millimetres."""


@dataclass(frozen=True)
class Part:
    """Content of one page as an object, and entries for the page's resources."""

    content: int
    fonts: str
    pictures: str


@dataclass(frozen=True)
class Skeleton:
    """The beginning of a file. `catalogue` and `pages` are reserved; `parts` has one part a page."""

    opening: Opening
    catalogue: int
    pages: int
    intent: int
    parts: tuple[Part, ...]


@lru_cache(maxsize=32)
def skeleton(pages: tuple[PageItems, ...], fonts: FontBook) -> Skeleton:
    """The skeleton for these pages; kept, since drawing a face's ornaments costs ten times all the rest."""
    file = PDFFile()
    catalogue, tree, intent = file.reserve(), file.reserve(), add_output_intent(file)
    embedded = embed(file, [item for items, _height in pages for item in items], fonts, "Label-")
    parts = tuple(add_part(file, page, embedded, BEST) for page in pages)
    return Skeleton(file.opening(), catalogue, tree, intent, parts)


@dataclass(frozen=True)
class Embedded:
    """Typefaces written into a file: as the content knows them, and as entries for a page's resources."""

    fonts: PageFonts
    entries: str


def embed(file: PDFFile, items: Iterable[Item], book: FontBook, prefix: str) -> Embedded:
    """Embed the typefaces of the texts among `items`, with the characters of these texts alone."""
    characters: dict[str, set[str]] = defaultdict(set)
    for text in items:
        if isinstance(text, Text):
            for line in text.lines:
                characters[text.typeface].update(line.text)
    subsets = {key: book.typeface(key).subset(used) for key, used in sorted(characters.items())}
    references = {key: add_font(file, book.typeface(key), subset) for key, subset in subsets.items()}
    entries = "".join(f"/{prefix}{key} {reference} 0 R" for key, reference in references.items())
    return Embedded(PageFonts(prefix, subsets), entries)


def add_part(file: PDFFile, page: PageItems, embedded: Embedded, compression: int) -> Part:
    """Add the content for the items of a page, and the pictures among them."""
    items, height = page
    names: dict[Picture, str] = {}
    references: dict[bytes, int] = {}
    entries = []
    for item in items:
        if isinstance(item, Image | Modules):
            names[item] = f"{embedded.fonts.prefix}{len(names)}"
            entries.append(f"/{names[item]} {_add_picture(file, item, references)} 0 R")
    content = page_content(items, height, embedded.fonts, names)
    return Part(file.add_stream("", content, compression=compression), embedded.entries, "".join(entries))


def _add_picture(file: PDFFile, picture: Picture, known: dict[bytes, int]) -> int:
    """The same image is written once."""
    if isinstance(picture, Modules):
        return add_modules(file, picture)
    if picture.data not in known:
        known[picture.data] = add_image(file, picture.data)
    return known[picture.data]
