"""The writer of OFD files: everything it can say is said in the order of Annex A, drawn, and sealed."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from kernel.errors import InvalidInput
from seal.documents.ofd.archive import read_archive
from seal.documents.ofd.document import load_documents
from seal.documents.ofd.package import OfdPackage
from seal.documents.ofd.rendering.page import render_page
from seal.documents.ofd.rendering.text import expand_deltas
from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.documents.ofd.writing.document import DocumentWriter, PageWriter
from seal.documents.ofd.writing.elements import UnwritableText
from seal.documents.ofd.writing.fonts import subset_font
from seal.documents.ofd.writing.information import DocumentInformation, OutlineEntry, Permissions
from seal.documents.ofd.writing.objects import (
    Box,
    Colour,
    CompositeObject,
    GlyphRun,
    Gradient,
    Group,
    ImageObject,
    LineStyle,
    Looks,
    PathObject,
    TextCode,
    TextObject,
    write_advances,
)
from seal.documents.ofd.writing.package import PackageWriter
from seal.documents.ofd.writing.resources import Font
from seal.documents.ofd.writing.supplements import (
    Annotation,
    Attachment,
    CustomTag,
    Extension,
    object_reference,
)
from seal.documents.positions import StampPosition
from seal.validation.report import Indication
from tests.seal.documents.ofd_pages import BLUE, GREEN, RED, WHITE, Sheet
from tests.seal.documents.shapes import faults
from tests.seal.files import Judge
from tests.seal.fonts import KAI_BOLD
from tests.seal.pki import NOW, SealPki

CREATED = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
INFORMATION = DocumentInformation(
    "0123456789abcdef0123456789abcdef",
    title="示例 <文件> & more",
    author="示例市",
    subject="s",
    abstract="a",
    created=CREATED,
    modified=CREATED,
    keywords=("甲", "乙"),
    creator="Xinyin",
    creator_version="1",
    custom={"证照标识": '1.2.156"', "b": "2"},
)
SQUARE = "M 0 0 L 20 0 L 20 20 L 0 20 C"


def red_png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(file, "PNG")
    return file.getvalue()


def square(x: float, colour: Colour, **looks: object) -> PathObject:
    return PathObject(Box(x, 10, 20, 20), SQUARE, fill=colour, looks=Looks(**looks))  # type: ignore[arg-type]


AXIAL = Gradient((0, 0), (20, 0), ((0, (255, 0, 0)), (1, (0, 0, 255))), extend=3)
RADIAL = replace(AXIAL, start=(10, 10), end=(10, 10), radii=(0, 10))
WATERMARK = Annotation(
    "Watermark",
    "Xinyin",
    CREATED,
    Box(0, 0, 10, 10),
    (PathObject(Box(0, 0, 5, 5), "M 0 0 L 5 0 L 5 5 C", fill=Colour((0, 255, 0))),),
    subtype="copy",
    remark="r",
    parameters={"use": "办事"},
    visible=True,
    printed=True,
    read_only=True,
)


def title(font: int) -> TextObject:
    """Text with all that text can have."""
    codes = (TextCode("印章", 0, 10, across=(12,)), TextCode("印", 25, 10, glyphs=(GlyphRun(0, 1, (1,)),)))
    return TextObject(
        Box(5, 40, 40, 15),
        font,
        10,
        codes,
        fill=Colour((9, 9, 9)),
        stroke=Colour((255, 0, 0)),
        stretch=0.9,
        weight=700,
        italic=True,
        looks=Looks(name="title", visible=True, alpha=200, line=LineStyle(width=0.1)),
    )


def add_content(document: DocumentWriter, page: PageWriter) -> int:
    """Every kind of object and resource; the number of the text."""
    resources = document.resources
    font = resources.add_font(Font("LXGWWenKai", "LXGW WenKai", subset_font(KAI_BOLD.read_bytes(), "印章"), bold=True))
    image = resources.add_image(red_png())
    thick = resources.add_draw_param(LineStyle(width=2.0, cap="Round", join="Bevel", dashes=(3, 1)), Colour((0, 0, 9)))
    resources.add_draw_param(LineStyle(), stroke=Colour((1, 2, 3)), relative=thick)
    unit = resources.add_composite(20, 20, [PathObject(Box(0, 0, 20, 20), SQUARE, fill=Colour((0, 255, 0)))])
    text = page.add(title(font))
    page.add(square(10, Colour(gradient=AXIAL), clips=("M 0 0 L 10 0 L 10 20 L 0 20 C",)))
    page.add(square(40, Colour(gradient=RADIAL), matrix=(1, 0, 0, 1, 0, 0)))
    line = PathObject(Box(0, 0, 100, 60), "M 0 59 L 100 59", stroke=Colour(alpha=128), looks=Looks(draw_param=thick))
    page.add(Group((ImageObject(Box(50, 40, 10, 10), image), line)))
    page.add(CompositeObject(Box(70, 35, 20, 20), unit), layer="Foreground")
    page.annotate(WATERMARK)
    return text


def everything() -> PackageWriter:
    """A package that uses all that the writer can write."""
    package = PackageWriter()
    document = package.add_document(INFORMATION)
    template = document.add_template(100, 60)
    template.add(square(70, Colour((0, 0, 255))), layer="Background")
    page = document.add_page(100, 60)
    page.use_template(template.number)
    text = add_content(document, page)
    second = document.add_page(60, 100)
    document.outline = (OutlineEntry("one", page.number, (OutlineEntry("two", second.number),)),)
    document.permissions = Permissions(edit=False, copies=3, valid=(CREATED, NOW))
    document.attach(Attachment("data", "数据.xml", b"<a/>", "xml", CREATED, visible=False, usage="none"))
    tag = f'<t:x xmlns:t="urn:t" xmlns:ofd="http://www.ofdspec.org/2016">{object_reference(page.number, text)}</t:x>'
    document.tag(CustomTag("urn:t", "CustomTag.xml", tag.encode()))
    document.extend(Extension("Xinyin", page.number, {"state": "draft"}))
    other = package.add_document(replace(INFORMATION, title="second"))
    other.add_page(50, 50)
    package.add_version(other, "later", CREATED).add_page(50, 60)
    return package


def test_everything_has_the_shape_of_annex_a() -> None:
    files = everything().write_files()

    wrong = {name: found for name, data in files.items() if _is_ofd(name) and (found := faults(data))}

    assert wrong == {}


def _is_ofd(name: str) -> bool:
    return name.endswith(".xml") and not name.endswith(("CustomTag.xml", "数据.xml"))


def test_the_check_of_shapes_notices_what_is_out_of_order() -> None:
    files = everything().write_files()
    page = files["Doc_0/Pages/Page_0/Content.xml"]

    assert faults(page.replace(b"<ofd:Area>", b"<ofd:Content/><ofd:Area>", 1))
    assert faults(page.replace(b"Boundary=", b"boundary=", 1))


def test_the_same_calls_give_the_same_bytes_and_writing_twice_changes_nothing() -> None:
    package = everything()

    assert package.write() == package.write() == everything().write()


def test_numbers_are_unique_within_a_document_and_none_exceeds_the_highest_stated() -> None:
    files = everything().write_files()
    numbers = [
        int(node.get("ID"))
        for name, data in files.items()
        if name.startswith("Doc_0/") and _is_ofd(name) and "Attach" not in name
        for node in etree.fromstring(data).iter("{*}*")
        if node.get("ID") and node.tag.rpartition("}")[2] not in ("TemplatePage",)
        and not (name.endswith("Document.xml") and node.tag.endswith("}Page"))
    ]  # fmt: skip
    highest = etree.fromstring(files["Doc_0/Document.xml"]).findtext(".//{*}MaxUnitID")

    assert len(numbers) == len(set(numbers))
    assert max(numbers) <= int(highest or 0)


def test_it_looks_as_it_was_meant() -> None:
    sheet = Sheet(Image.open(io.BytesIO(render_page(everything().write(), 1, 127))).convert("RGB"))

    assert sheet.at(80, 20) == BLUE  # the template
    assert sheet.at(55, 45) == RED  # the picture
    assert sheet.at(80, 45) == GREEN  # the composite
    assert sheet.at(11, 20)[0] > 230
    assert sheet.at(25, 20) == WHITE  # clipped away
    assert sheet.at(4, 2) == GREEN  # the annotation
    assert sheet.ink(5, 40, 45, 55) > 0.05


def test_a_sealed_package_of_two_documents_and_versions_passes(pki: SealPki) -> None:
    position = StampPosition(1, 5, 5, 42, 42)
    sealed = seal_ofd(
        everything().write(), OfdSealRequest(pki.seal, pki.signer.key, pki.signer.certificate.der, (position,), NOW)
    )

    assert Judge(pki).report(sealed).indication is Indication.PASSED


def test_every_document_is_read_back() -> None:
    documents = load_documents(OfdPackage.read(everything().write()))

    assert [each.document_file for each in documents] == ["Doc_0/Document.xml", "Doc_1/Versions/V_1/Document.xml"]


def test_earlier_versions_stay_inside() -> None:
    files = read_archive(everything().write())

    assert "Doc_1/Document.xml" in files
    assert b'Index="2" Current="true"' in files["OFD.xml"]
    assert b"<ofd:DocRoot>/Doc_1/Versions/V_1/Document.xml</ofd:DocRoot>" in files["Doc_1/Versions/Version_1.xml"]


def test_the_same_picture_is_kept_once() -> None:
    document = PackageWriter().add_document(INFORMATION)

    assert document.resources.add_image(red_png()) == document.resources.add_image(red_png())
    assert len(document.resources.files) == 1


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(InvalidInput):
        PackageWriter().add_document(INFORMATION).resources.add_image(b"GIF89a")


def test_characters_that_xml_does_not_allow_are_refused_by_name() -> None:
    package = PackageWriter()
    package.add_document(replace(INFORMATION, title="a\x07b")).add_page(10, 10)

    with pytest.raises(UnwritableText) as refusal:
        package.write()

    assert refusal.value.params["code"] == "U+0007"


def test_a_document_without_pages_is_a_mistake_of_the_caller() -> None:
    package = PackageWriter()
    package.add_document(INFORMATION)

    with pytest.raises(ValueError, match="needs a page"):
        package.write()


@given(st.lists(st.sampled_from([1.0, 2.5, 3.125, -4.0]), max_size=40))
def test_advances_are_read_as_they_were_written(advances: list[float]) -> None:
    assert expand_deltas(write_advances(advances)) == advances
