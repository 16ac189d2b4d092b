"""Writing a licence as PDF (ISO 32000-1) with the skeleton of PDF/A-3b (ISO 19005-3), not yet sealed."""

import hashlib

from licence_vault.layout.document import PRODUCER, LicenceDocument
from licence_vault.layout.drawing import DrawnPage, number
from licence_vault.layout.face import POINT
from licence_vault.layout.fonts import FontBook
from licence_vault.layout.pdf.metadata import xmp_packet
from licence_vault.layout.pdf.objects import PDFFile, pdf_date, text_string
from licence_vault.layout.pdf.skeleton import Part, add_part, embed, skeleton

OFD_NAME, OFD_KIND = "licence.ofd", "application/ofd"
FAST = 1
"""What is written for one licence alone is small; deflating it hard costs more than it saves."""


def write_pdf(document: LicenceDocument, fonts: FontBook) -> bytes:
    """The PDF file. The same document gives the same bytes."""
    pages = document.drawing.pages
    shared = skeleton(tuple((page.fixed, page.height) for page in pages), fonts)
    file = PDFFile(shared.opening)
    embedded = embed(file, [item for page in pages for item in page.variable], fonts, "Value-")
    kids = [
        _add_page(file, shared.pages, page, (fixed, add_part(file, (page.variable, page.height), embedded, FAST)))
        for page, fixed in zip(pages, shared.parts, strict=True)
    ]
    file.fill(shared.pages, f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]>>")
    _fill_catalogue(file, document, shared.catalogue, f"/Pages {shared.pages} 0 R/OutputIntents[{shared.intent} 0 R]")
    info = file.add(
        f"<</Title {text_string(document.title)}/Author {text_string(document.author)}"
        f"/Producer {text_string(PRODUCER)}/Creator {text_string(PRODUCER)}"
        f"/CreationDate {pdf_date(document.created_at)}/ModDate {pdf_date(document.created_at)}>>"
    )
    return file.finish(shared.catalogue, info, bytes.fromhex(document.document_id))


def _add_page(file: PDFFile, parent: int, page: DrawnPage, parts: tuple[Part, ...]) -> int:
    contents = " ".join(f"{part.content} 0 R" for part in parts)
    fonts = "".join(part.fonts for part in parts)
    pictures = "".join(part.pictures for part in parts)
    return file.add(
        f"<</Type/Page/Parent {parent} 0 R/MediaBox[0 0 {number(page.width / POINT)} {number(page.height / POINT)}]"
        f"/Contents[{contents}]/Resources<</Font<<{fonts}>>/XObject<<{pictures}>>>>>>"
    )


def _fill_catalogue(file: PDFFile, document: LicenceDocument, catalogue: int, shared: str) -> None:
    metadata = file.add_encoded("/Type/Metadata/Subtype/XML", xmp_packet(document))
    attached = {document.data_name: _attach(file, document, document.data_name, document.data_xml)}
    if document.sealed_ofd:
        attached[OFD_NAME] = _attach(file, document, OFD_NAME, document.sealed_ofd)
    references = " ".join(f"{each} 0 R" for each in attached.values())
    names = " ".join(f"({name}) {reference} 0 R" for name, reference in sorted(attached.items()))
    file.fill(
        catalogue,
        f"<</Type/Catalog{shared}/Metadata {metadata} 0 R/Lang({document.language})/MarkInfo<</Marked false>>"
        f"/ViewerPreferences<</DisplayDocTitle true>>/AF[{references}]"
        f"/Names<</EmbeddedFiles<</Names[{names}]>>>>>>",
    )


def _attach(file: PDFFile, document: LicenceDocument, name: str, data: bytes) -> int:
    """A file of ISO 19005-3 §6.8: the data of what is seen, or the same licence in another format."""
    moment = document.created_at
    kind, relationship = (OFD_KIND, "Alternative") if name == OFD_NAME else (document.data_kind, "Data")
    checksum = hashlib.md5(data, usedforsecurity=False).hexdigest()
    stream = file.add_stream(
        f"/Type/EmbeddedFile/Subtype/{kind.replace('/', '#2F')}"
        f"/Params<</Size {len(data)}/ModDate {pdf_date(moment)}/CheckSum<{checksum}>>>",
        data,
    )
    return file.add(
        f"<</Type/Filespec/F({name})/UF{text_string(name)}/AFRelationship/{relationship}"
        f"/EF<</F {stream} 0 R/UF {stream} 0 R>>>>"
    )
