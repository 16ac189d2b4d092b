"""Attacks on a sealed PDF by what is appended: incremental updates, shadow attacks (NDSS 2021), wrapping (CCS 2019)."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NullObject,
    NumberObject,
    StreamObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.seal.pdf_samples import minimal_pdf
from tests.verify.corpus.case import case, swap
from tests.verify.corpus.material import Material

BLACK = b"0 g 0 0 800 800 re f"


def updated(data: bytes, change: Callable[[IncrementalPdfFileWriter, Any], None]) -> bytes:
    """The file with an update after sealing; `change` gets the writer and the first page."""
    writer = IncrementalPdfFileWriter(BytesIO(data))
    change(writer, first_page(writer))
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def first_page(writer: IncrementalPdfFileWriter) -> Any:
    """Its dictionary, from the trees as they stand."""
    node = writer.root["/Pages"]
    while "/Kids" in node:
        node = node["/Kids"][0]
    return node


def stream(data: bytes, **entries: Any) -> Any:
    """A stream object."""
    return StreamObject({pdf_name("/" + name): value for name, value in entries.items()}, stream_data=data)


def rectangle(*numbers: float) -> Any:
    """An array of numbers."""
    return ArrayObject([FloatObject(str(each)) for each in numbers])


def field_of(writer: IncrementalPdfFileWriter) -> Any:
    """The field that holds the seal."""
    return writer.root["/AcroForm"]["/Fields"][0]


@case("pdf")
def page_contents_replaced_fail(material: Material) -> bytes:
    """An update gives the page other contents."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        page["/Contents"] = writer.add_object(stream(BLACK))
        writer.update_container(page)

    return updated(material.pdf, change)


@case("pdf")
def page_contents_added_fail(material: Material) -> bytes:
    """An update draws over the page."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        page["/Contents"] = ArrayObject([page.raw_get("/Contents"), writer.add_object(stream(BLACK))])
        writer.update_container(page)

    return updated(material.pdf, change)


@case("pdf")
def page_added_fail(material: Material) -> bytes:
    """An update adds a page."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        tree = writer.root["/Pages"]
        tree["/Kids"].append(writer.add_object(DictionaryObject(page)))
        tree["/Count"] = NumberObject(2)
        writer.update_container(tree)
        writer.update_container(tree["/Kids"])

    return updated(material.pdf, change)


@case("pdf")
def page_tree_replaced_fail(material: Material) -> bytes:
    """An update gives the document another tree of pages."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        new = DictionaryObject({**page, pdf_name("/Contents"): writer.add_object(stream(BLACK))})
        kids = ArrayObject([writer.add_object(new)])
        tree = {pdf_name("/Type"): pdf_name("/Pages"), pdf_name("/Kids"): kids, pdf_name("/Count"): NumberObject(1)}
        writer.root["/Pages"] = writer.add_object(DictionaryObject(tree))
        writer.update_root()

    return updated(material.pdf, change)


@case("pdf")
def page_turned_fail(material: Material) -> bytes:
    """An update turns the page."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        page["/Rotate"] = NumberObject(180)
        writer.update_container(page)

    return updated(material.pdf, change)


@case("pdf")
def page_cropped_fail(material: Material) -> bytes:
    """An update crops the page so that the conditions of the licence are not seen."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        page["/CropBox"] = rectangle(0, 0, 100, 100)
        writer.update_container(page)

    return updated(material.pdf, change)


@case("pdf")
def font_replaced_fail(material: Material) -> bytes:
    """An update exchanges a font, so that the same codes draw other figures (shadow attack: replace)."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        fonts = page["/Resources"]["/Font"]
        for name in list(fonts):
            fonts[name] = writer.add_object(
                DictionaryObject(
                    {
                        pdf_name("/Type"): pdf_name("/Font"),
                        pdf_name("/Subtype"): pdf_name("/Type1"),
                        pdf_name("/BaseFont"): pdf_name("/ZapfDingbats"),
                    }
                )
            )
        writer.update_container(fonts)

    return updated(material.pdf, change)


def _annotated(material: Material, subtype: str, **entries: Any) -> bytes:
    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        look = writer.add_object(stream(BLACK, Subtype=pdf_name("/Form"), BBox=rectangle(0, 0, 500, 500)))
        note = DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name(subtype),
                pdf_name("/Rect"): rectangle(0, 0, 500, 500),
                pdf_name("/F"): NumberObject(4),
                pdf_name("/AP"): DictionaryObject({pdf_name("/N"): look}),
                **{pdf_name("/" + name): value for name, value in entries.items()},
            }
        )
        notes = page.get("/Annots", ArrayObject())
        page["/Annots"] = ArrayObject([*notes, writer.add_object(note)])
        writer.update_container(page)

    return updated(material.pdf, change)


@case("pdf")
def annotation_stamp_added_fail(material: Material) -> bytes:
    """An update lays a rubber stamp over the page (evil annotation)."""
    return _annotated(material, "/Stamp")


@case("pdf")
def annotation_free_text_added_fail(material: Material) -> bytes:
    """An update writes other words over the page."""
    return _annotated(material, "/FreeText", Contents=TextStringObject("valid until 2099"))


@case("pdf")
def annotation_redaction_added_fail(material: Material) -> bytes:
    """An update blacks words out."""
    return _annotated(material, "/Redact")


@case("pdf")
def annotation_link_added_fail(material: Material) -> bytes:
    """An update lays a link to an impostor's page over the QR code."""
    action = DictionaryObject(
        {pdf_name("/S"): pdf_name("/URI"), pdf_name("/URI"): TextStringObject("https://x.example")}
    )
    return _annotated(material, "/Link", A=action)


@case("pdf")
def form_field_added_fail(material: Material) -> bytes:
    """An update adds a text field with a value (shadow attack: replace)."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        field = DictionaryObject(
            {
                pdf_name("/FT"): pdf_name("/Tx"),
                pdf_name("/T"): TextStringObject("holder"),
                pdf_name("/V"): TextStringObject("Somebody Else"),
                pdf_name("/Subtype"): pdf_name("/Widget"),
                pdf_name("/Rect"): rectangle(50, 50, 200, 80),
            }
        )
        added = writer.add_object(field)
        form = writer.root["/AcroForm"]
        form["/Fields"].append(added)
        writer.update_container(form["/Fields"])
        page["/Annots"] = ArrayObject([*page.get("/Annots", ArrayObject()), added])
        writer.update_container(page)

    return updated(material.pdf, change)


@case("pdf")
def appearance_of_the_seal_replaced_fail(material: Material) -> bytes:
    """An update gives the seal another picture."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        field = field_of(writer)
        look = writer.add_object(stream(BLACK, Subtype=pdf_name("/Form"), BBox=rectangle(0, 0, 500, 500)))
        field["/AP"] = DictionaryObject({pdf_name("/N"): look})
        writer.update_container(field)

    return updated(material.pdf, change)


@case("pdf")
def stamp_moved_fail(material: Material) -> bytes:
    """An update moves the seal."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        field = field_of(writer)
        field["/Rect"] = rectangle(10, 10, 120, 120)
        writer.update_container(field)

    return updated(material.pdf, change)


@case("pdf")
def signature_value_removed_fail(material: Material) -> bytes:
    """An update takes the value out of the seal's field, as if nobody had sealed."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        field = field_of(writer)
        del field["/V"]
        writer.update_container(field)

    return updated(material.pdf, change)


@case("pdf")
def form_removed_fail(material: Material) -> bytes:
    """An update takes the whole form away."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        del writer.root["/AcroForm"]
        writer.update_root()

    return updated(material.pdf, change)


@case("pdf")
def form_needs_appearances_fail(material: Material) -> bytes:
    """An update has viewers draw anew a field whose value is not what was seen (shadow attack: replace via form)."""

    def prepare(writer: IncrementalPdfFileWriter, page: Any) -> None:
        look = writer.add_object(stream(b"", Subtype=pdf_name("/Form"), BBox=rectangle(0, 0, 9, 9)))
        field = DictionaryObject(
            {
                pdf_name("/FT"): pdf_name("/Tx"),
                pdf_name("/T"): TextStringObject("holder"),
                pdf_name("/V"): TextStringObject("Somebody Else"),
                pdf_name("/Subtype"): pdf_name("/Widget"),
                pdf_name("/Rect"): rectangle(50, 50, 200, 80),
                pdf_name("/AP"): DictionaryObject({pdf_name("/N"): look}),
            }
        )
        added = writer.add_object(field)
        form = {pdf_name("/Fields"): ArrayObject([added]), pdf_name("/DA"): TextStringObject("/Helv 12 Tf")}
        writer.root["/AcroForm"] = writer.add_object(DictionaryObject(form))
        writer.update_root()
        page["/Annots"] = ArrayObject([added])
        writer.update_container(page)

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        form = writer.root["/AcroForm"]
        form["/NeedAppearances"] = BooleanObject(True)
        writer.update_container(form)

    return updated(material.seal_pdf(updated(material.plain_pdf, prepare)), change)


@case("pdf")
def open_action_added_fail(material: Material) -> bytes:
    """An update adds a script that runs on opening."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        writer.root["/OpenAction"] = DictionaryObject(
            {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): TextStringObject("app.alert(1)")}
        )
        writer.update_root()

    return updated(material.pdf, change)


@case("pdf")
def layers_added_fail(material: Material) -> bytes:
    """An update adds optional content that hides a layer (shadow attack: hide)."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        group = writer.add_object(
            DictionaryObject({pdf_name("/Type"): pdf_name("/OCG"), pdf_name("/Name"): TextStringObject("x")})
        )
        off = DictionaryObject({pdf_name("/BaseState"): pdf_name("/OFF")})
        writer.root["/OCProperties"] = DictionaryObject({pdf_name("/OCGs"): ArrayObject([group]), pdf_name("/D"): off})
        writer.update_root()

    return updated(material.pdf, change)


@case("pdf")
def attachment_added_fail(material: Material) -> bytes:
    """An update embeds another file, to be taken for part of the licence."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        file = writer.add_object(stream(b"<licence/>", Type=pdf_name("/EmbeddedFile")))
        spec = {pdf_name("/Type"): pdf_name("/Filespec"), pdf_name("/F"): TextStringObject("licence.xml")}
        spec[pdf_name("/EF")] = DictionaryObject({pdf_name("/F"): file})
        writer.root["/AF"] = ArrayObject([writer.add_object(DictionaryObject(spec))])
        writer.update_root()

    return updated(material.pdf, change)


@case("pdf")
def metadata_replaced_fail(material: Material) -> bytes:
    """An update names another licence in the metadata."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        packet = (
            b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x identifier="1.2.156.3005.2.X"/><?xpacket end="w"?>'
        )
        writer.root["/Metadata"] = writer.add_object(stream(packet, Type=pdf_name("/Metadata")))
        writer.update_root()

    return updated(material.pdf, change)


@case("pdf")
def shared_picture_replaced_fail(material: Material) -> bytes:
    """An update overwrites the seal's picture object (shadow attack: hide and replace)."""
    number = re.findall(rb"(\d+) 0 obj\n<</Type/XObject/Subtype/Image", material.pdf)[-1]
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 1 1]/Length 0>>stream\n\nendstream"
    return _with_raw_update(material.pdf, int(number), form)


@case("pdf")
def page_object_overwritten_fail(material: Material) -> bytes:
    """A hand-written update overwrites the page object (shadow attack: hide and replace)."""
    return _with_raw_update(material.pdf, _page_number(material.pdf), b"<</Type/Page/MediaBox[0 0 100 100]>>")


@case("pdf")
def update_without_xref_fail(material: Material) -> bytes:
    """Objects are appended without a cross-reference table, which lenient viewers rebuild (ISA)."""
    number = _page_number(material.pdf)
    return material.pdf + b"\n%d 0 obj\n<</Type/Page/MediaBox[0 0 9 9]>>\nendobj\n" % number


@case("pdf")
def update_without_xref_but_trailer_fail(material: Material) -> bytes:
    """Objects and a trailer are appended, the table is left out (ISA)."""
    return update_without_xref_fail(material) + b"trailer\n<</Root 1 0 R>>\n%%EOF\n"


@case("pdf")
def update_with_copied_signature_fail(material: Material) -> bytes:
    """Objects are appended together with a copy of the signature (ISA, variant 4)."""
    start = material.pdf.rindex(b"/Type/Sig")
    begin = material.pdf.rindex(b" obj", 0, start)
    copy = material.pdf[material.pdf.rindex(b"\n", 0, begin) : material.pdf.index(b"endobj", start) + 6]
    number = _page_number(material.pdf)
    return _with_raw_update(material.pdf + copy, number, b"<</Type/Page/MediaBox[0 0 9 9]>>")


@case("pdf")
def another_pdf_appended_fail(material: Material) -> bytes:
    """A whole other PDF follows: viewers open the last one."""
    return material.pdf + minimal_pdf()


@case("pdf")
def another_pdf_before_fail(material: Material) -> bytes:
    """A whole other PDF stands before: viewers may open the first one."""
    return minimal_pdf() + material.pdf


@case("pdf")
def end_with_comment_fail(material: Material) -> bytes:
    """A comment follows the end."""
    return material.pdf + b"\n% appended\n"


@case("pdf")
def end_with_archive_fail(material: Material) -> bytes:
    """An OFD follows the PDF: one file, two documents."""
    return material.pdf + material.plain_ofd


@case("pdf")
def startxref_redirected_fail(material: Material) -> bytes:
    """A second startxref leads to an older table."""
    old = material.plain_pdf.rindex(b"startxref")
    return material.pdf + b"\n" + material.plain_pdf[old:]


@case("pdf")
def root_redirected_fail(material: Material) -> bytes:
    """An update's trailer names another catalogue."""
    number = 900
    return _with_raw_update(material.pdf, number, b"<</Type/Catalog/Pages 2 0 R>>", root=number)


@case("pdf")
def prepared_page_uncovered_fail(material: Material) -> bytes:
    """The unsealed file held a forged page that an update after sealing shows (shadow attack: hide)."""

    def prepare(writer: IncrementalPdfFileWriter, page: Any) -> None:
        writer.root["/Hidden"] = writer.add_object(
            DictionaryObject({**page, pdf_name("/Contents"): writer.add_object(stream(BLACK))})
        )
        writer.update_root()

    def show(writer: IncrementalPdfFileWriter, page: Any) -> None:
        tree = writer.root["/Pages"]
        tree["/Kids"][0] = writer.root.raw_get("/Hidden")
        writer.update_container(tree["/Kids"])
        writer.update_container(tree)

    return updated(material.seal_pdf(updated(material.plain_pdf, prepare)), show)


@case("pdf")
def prepared_overlay_removed_fail(material: Material) -> bytes:
    """A covering picture of the unsealed file is emptied by an update (shadow attack: hide)."""

    def prepare(writer: IncrementalPdfFileWriter, page: Any) -> None:
        cover = writer.add_object(stream(b"1 g 0 0 9 9 re f", Subtype=pdf_name("/Form"), BBox=rectangle(0, 0, 9, 9)))
        writer.root["/Cover"] = cover
        page["/Contents"] = ArrayObject([page.raw_get("/Contents"), cover])
        writer.update_container(page)
        writer.update_root()

    def show(writer: IncrementalPdfFileWriter, page: Any) -> None:
        cover = writer.root["/Cover"]
        cover._data = b""
        cover._encoded_data = b""
        writer.update_container(cover)

    return updated(material.seal_pdf(updated(material.plain_pdf, prepare)), show)


@case("pdf")
def page_object_freed_fail(material: Material) -> bytes:
    """An update's table calls the page free."""
    return _with_raw_update(material.pdf, _page_number(material.pdf), None)


@case("pdf")
def null_over_the_seal_fail(material: Material) -> bytes:
    """An update makes the seal's field nothing."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        form = writer.root["/AcroForm"]
        form["/Fields"] = ArrayObject([NullObject()])
        writer.update_container(form)

    return updated(material.pdf, change)


@case("pdf")
def sub_filter_of_an_update_fail(material: Material) -> bytes:
    """An update calls the signature one that verifiers do not check."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        value = field_of(writer)["/V"]
        value["/SubFilter"] = NameObject("/adbe.x509.rsa_sha1")
        writer.update_container(value)

    return updated(material.pdf, change)


def _page_number(data: bytes) -> int:
    found = re.search(rb"(\d+) 0 obj\s*<<[^>]*?/Type\s*/Page\b", data)
    return int(found.group(1)) if found else 4


def _with_raw_update(data: bytes, number: int, body: bytes | None, *, root: int = 0) -> bytes:
    """An update written by hand: one object, a table, a trailer."""
    previous = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    catalogue = root or int(re.findall(rb"/Root\s+(\d+) 0 R", data)[-1])
    output = bytearray(data)
    offset = len(output)
    if body is not None:
        output += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(output)
    entry = b"%010d 00000 n \n" % offset if body is not None else b"0000000000 00001 f \n"
    output += b"xref\n%d 1\n%s" % (number, entry)
    size = max(number + 1, *(int(each) for each in re.findall(rb"/Size\s+(\d+)", data)))
    output += b"trailer\n<</Size %d/Root %d 0 R/Prev %d>>\n" % (size, catalogue, previous)
    output += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(output)


@case("pdf")
def second_signature_field_same_name_fail(material: Material) -> bytes:
    """An update adds an empty field with the seal's name before it."""

    def change(writer: IncrementalPdfFileWriter, page: Any) -> None:
        form = writer.root["/AcroForm"]
        twin = DictionaryObject({pdf_name("/FT"): pdf_name("/Sig"), pdf_name("/T"): field_of(writer)["/T"]})
        form["/Fields"] = ArrayObject([writer.add_object(twin), *form["/Fields"]])
        writer.update_container(form)

    return updated(material.pdf, change)


@case("pdf")
def text_in_place_fail(material: Material) -> bytes:
    """A byte of a page's stream is changed in place."""
    at = material.pdf.index(b"stream\n", 3000) + 60
    return material.pdf[:at] + bytes([material.pdf[at] ^ 0x20]) + material.pdf[at + 1 :]


@case("pdf")
def form_in_place_fail(material: Material) -> bytes:
    """The form's name is changed in place, so that viewers see no signature."""
    return swap(material.pdf, b"/AcroForm", b"/AcroFarm")
