"""A licence as OFD (GB/T 33190-2016) in the shape of GB/T 36905: template page, field objects, index, metadata."""

from collections import defaultdict
from collections.abc import Mapping

from licence_vault.layout.document import PRODUCER, LicenceDocument
from licence_vault.layout.drawing import DrawnPage, Image, Modules
from licence_vault.layout.fonts import FontBook, Typeface
from licence_vault.layout.ofd_objects import image_bytes, to_object
from seal.documents.ofd.writing.document import DocumentWriter, PageWriter
from seal.documents.ofd.writing.elements import HEADER, NAMESPACE
from seal.documents.ofd.writing.information import DocumentInformation
from seal.documents.ofd.writing.package import PackageWriter
from seal.documents.ofd.writing.resources import Font
from seal.documents.ofd.writing.supplements import Attachment, CustomTag, object_reference

TAG_NAMESPACE = "urn:xinyin:licence:fields"


def write_ofd(document: LicenceDocument, fonts: FontBook) -> bytes:
    """The OFD package, not yet sealed. The same document gives the same bytes."""
    package = PackageWriter()
    writer = package.add_document(
        DocumentInformation(
            document.document_id,
            title=document.title,
            author=document.author,
            created=document.created_at,
            creator=PRODUCER,
            custom=document.metadata,
        )
    )
    resources = {**_add_fonts(writer, document, fonts), **_add_images(writer, document)}
    placed: dict[str, list[tuple[int, int]]] = defaultdict(list)
    templates = [_add_template(writer, page, resources) for page in document.drawing.pages]
    for page, template in zip(document.drawing.pages, templates, strict=True):
        _add_page(writer, page, template, resources, placed)
    writer.tag(CustomTag(TAG_NAMESPACE, "CustomTag.xml", _index(document.field_names, placed)))
    writer.attach(
        Attachment(
            "licence", "licence.xml", document.data_xml, format="xml", created=document.created_at, visible=False
        )
    )
    return package.write()


def _add_fonts(writer: DocumentWriter, document: LicenceDocument, fonts: FontBook) -> dict[str | bytes, int]:
    characters: dict[str, set[str]] = defaultdict(set)
    for text in document.drawing.texts():
        for line in text.lines:
            characters[text.typeface].update(line.text)
    return {
        key: writer.resources.add_font(_font(key, fonts.typeface(key), characters[key]), file_name=f"font_{key}.ttf")
        for key in sorted(characters)
    }


def _font(key: str, face: Typeface, characters: set[str]) -> Font:
    data = face.subset(characters).data
    return Font(face.postscript_name, face.family_name, data, bold=key == "bold", fixed_width=key == "mono")


def _add_images(writer: DocumentWriter, document: LicenceDocument) -> dict[str | bytes, int]:
    items = [item for page in document.drawing.pages for item in page.variable if isinstance(item, Image | Modules)]
    return {data: writer.resources.add_image(data) for data in map(image_bytes, items)}


def _add_template(writer: DocumentWriter, page: DrawnPage, resources: Mapping[str | bytes, int]) -> PageWriter:
    """What every licence of the type shares."""
    template = writer.add_template(page.width, page.height)
    for item in page.fixed:
        template.add(to_object(item, resources, fixed=True), layer="Background")
    return template


def _add_page(
    writer: DocumentWriter,
    page: DrawnPage,
    template: PageWriter,
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
