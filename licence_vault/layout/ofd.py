"""A licence as OFD (GB/T 33190-2016) in the shape of GB/T 36905: template page, field objects, index, metadata."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from licence_vault.layout.document import PRODUCER, LicenceDocument
from licence_vault.layout.drawing import DrawnPage, Image, Item, Modules, Text
from licence_vault.layout.fonts import FontBook, Typeface
from licence_vault.layout.ofd_objects import image_bytes, to_object
from seal.documents.ofd.writing.document import Beginning, DocumentWriter
from seal.documents.ofd.writing.elements import HEADER, NAMESPACE
from seal.documents.ofd.writing.information import DocumentInformation
from seal.documents.ofd.writing.package import PackageWriter
from seal.documents.ofd.writing.resources import Font
from seal.documents.ofd.writing.supplements import Attachment, CustomTag, object_reference

TAG_NAMESPACE = "urn:xinyin:licence:fields"
FixedPage = tuple[tuple[Item, ...], float, float]
"""What is the same on each licence of a type, and the page's width and height in millimetres."""


def write_ofd(document: LicenceDocument, fonts: FontBook) -> bytes:
    """The OFD package, not yet sealed. The same document gives the same bytes."""
    package = PackageWriter()
    pages = document.drawing.pages
    beginning = _beginning(tuple((page.fixed, page.width, page.height) for page in pages), fonts)
    writer = package.add_document(
        DocumentInformation(
            document.document_id,
            title=document.title,
            author=document.author,
            created=document.created_at,
            creator=PRODUCER,
            custom=document.metadata,
        ),
        beginning,
    )
    items = [item for page in pages for item in page.variable]
    resources = {**_add_fonts(writer, items, fonts, "value"), **_add_images(writer, items)}
    placed: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for page, (template, _content) in zip(pages, beginning.templates, strict=True):
        _add_page(writer, page, template, resources, placed)
    writer.tag(CustomTag(TAG_NAMESPACE, "CustomTag.xml", _index(document.field_names, placed)))
    writer.attach(
        Attachment(
            "licence", "licence.xml", document.data_xml, format="xml", created=document.created_at, visible=False
        )
    )
    return package.write()


@lru_cache(maxsize=32)
def _beginning(pages: tuple[FixedPage, ...], fonts: FontBook) -> Beginning:
    """The template pages of a type with their fonts; kept, since writing the ornaments costs more than all the rest."""
    writer = DocumentWriter("")
    items = [item for fixed, _width, _height in pages for item in fixed]
    resources = {**_add_fonts(writer, items, fonts, "label"), **_add_images(writer, items)}
    for fixed, width, height in pages:
        template = writer.add_template(width, height)
        for item in fixed:
            template.add(to_object(item, resources), layer="Background")
    return writer.beginning()


def _add_fonts(writer: DocumentWriter, items: Iterable[Item], fonts: FontBook, prefix: str) -> dict[str | bytes, int]:
    """The typefaces of the texts among `items`, each with the characters of these alone."""
    characters: dict[str, set[str]] = defaultdict(set)
    for text in items:
        if isinstance(text, Text):
            for line in text.lines:
                characters[text.typeface].update(line.text)
    return {
        key: writer.resources.add_font(
            _font(key, fonts.typeface(key), characters[key]), file_name=f"{prefix}_{key}.ttf"
        )
        for key in sorted(characters)
    }


def _font(key: str, face: Typeface, characters: set[str]) -> Font:
    data = face.subset(characters).data
    return Font(face.postscript_name, face.family_name, data, bold=key == "bold", fixed_width=key == "mono")


def _add_images(writer: DocumentWriter, items: Iterable[Item]) -> dict[str | bytes, int]:
    pictures = [item for item in items if isinstance(item, Image | Modules)]
    return {data: writer.resources.add_image(data) for data in map(image_bytes, pictures)}


def _add_page(
    writer: DocumentWriter,
    page: DrawnPage,
    template: int,
    resources: Mapping[str | bytes, int],
    placed: dict[str, list[tuple[int, int]]],
) -> None:
    """This licence's own values; `placed` learns where each field stands."""
    own = writer.add_page(page.width, page.height)
    own.use_template(template)
    for item in page.variable:
        number = own.add(to_object(item, resources))
        field = getattr(item, "field", None)
        if field:
            placed[field].append((own.number, number))


def _index(names: Mapping[str, str], placed: Mapping[str, list[tuple[int, int]]]) -> bytes:
    """The index of fields: one element a field, named in Chinese, pointing at its objects (GB/T 36905)."""
    rows = []
    for field, objects in placed.items():
        name = names.get(field)
        if name:
            references = "".join(object_reference(page, item) for page, item in objects)
            rows.append(f"<x:{name}>{references}</x:{name}>")
    return f'{HEADER}<x:fields xmlns:x="{TAG_NAMESPACE}" xmlns:ofd="{NAMESPACE}">{"".join(rows)}</x:fields>'.encode()
