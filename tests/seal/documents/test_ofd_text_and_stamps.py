"""Text and seals on a drawn page: which glyph stands where, in whose font; what shows of a seal."""

import io
from dataclasses import replace

import pytest
import uharfbuzz
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from PIL import Image

from seal.documents.ofd.archive import read_archive, write_archive
from seal.documents.ofd.rendering.fonts import Typeface, load_embedded
from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.documents.ofd.writing.fonts import subset_font
from seal.documents.positions import StampPosition
from seal.structures.gbt38540 import SealPicture, load_seal, make_seal
from tests.seal.documents.ofd_pages import Sheet, drawn, page_files, seen, square
from tests.seal.fonts import KAI_BOLD
from tests.seal.ofd_samples import zipped
from tests.seal.pki import NOW, SealPki

EMBEDDED = '<Fonts><Font ID="3" FontName="Own"><FontFile>own.ttf</FontFile></Font></Fonts>'
NAMED = '<Fonts><Font ID="3" FontName="宋体"/></Fonts>'


def text(code: str, attributes: str = "", *, before: str = "") -> str:
    """Text of 10 mm with its baseline at 30 mm."""
    return f'<TextObject ID="5" Boundary="10 20 80 15" Font="3" Size="10" {attributes}>{before}{code}</TextObject>'


def code(content: str, attributes: str = 'X="0" Y="10"') -> str:
    return f"<TextCode {attributes}>{content}</TextCode>"


@pytest.fixture(scope="module")
def own_font() -> dict[str, bytes]:
    """A font with the two characters 印章 alone."""
    return {"Doc_0/Res/own.ttf": subset_font(KAI_BOLD.read_bytes(), "印章")}


def glyph_of(font: bytes, character: str) -> int:
    return int(uharfbuzz.Font(uharfbuzz.Face(font)).get_nominal_glyph(ord(character)) or 0)


def test_an_embedded_font_draws_its_characters(own_font: dict[str, bytes]) -> None:
    sheet = drawn(text(code("印")), public=EMBEDDED, files=own_font)

    assert sheet.ink(10, 20, 20, 32) > 0.15
    assert sheet.ink(21, 20, 40, 32) == 0


def test_advances_place_each_character(own_font: dict[str, bytes]) -> None:
    sheet = drawn(text(code("印章印", 'X="0" Y="10" DeltaX="30 20"')), public=EMBEDDED, files=own_font)

    assert min(sheet.ink(left, 20, left + 10, 32) for left in (10, 40, 60)) > 0.15
    assert sheet.ink(21, 20, 39, 32) == 0


def test_advances_may_run_down_the_page(own_font: dict[str, bytes]) -> None:
    body = text(code("印章", 'X="0" Y="0" DeltaY="20"'))
    sheet = drawn(body, public=EMBEDDED, files=own_font)

    assert sheet.ink(10, 10, 20, 22) > 0.15
    assert sheet.ink(10, 31, 20, 42) > 0.15


def test_glyph_numbers_take_the_place_of_characters(own_font: dict[str, bytes]) -> None:
    number = glyph_of(own_font["Doc_0/Res/own.ttf"], "章")
    given = f'<CGTransform CodePosition="0" CodeCount="1" GlyphCount="1"><Glyphs>{number}</Glyphs></CGTransform>'

    by_number = drawn(text(code("¤"), before=given), public=EMBEDDED, files=own_font)
    by_character = drawn(text(code("章")), public=EMBEDDED, files=own_font)

    assert by_number.image.tobytes() == by_character.image.tobytes()


def test_characters_that_share_a_glyph_share_its_advance(own_font: dict[str, bytes]) -> None:
    number = glyph_of(own_font["Doc_0/Res/own.ttf"], "章")
    given = f'<CGTransform CodePosition="0" CodeCount="2" GlyphCount="1"><Glyphs>{number}</Glyphs></CGTransform>'
    sheet = drawn(text(code("章章印", 'X="0" Y="10" DeltaX="30"'), before=given), public=EMBEDDED, files=own_font)

    assert sheet.ink(10, 20, 20, 32) > 0.15
    assert sheet.ink(40, 20, 50, 32) > 0.15
    assert sheet.ink(21, 20, 39, 32) == 0


def test_characters_that_share_a_glyph_of_an_absent_font_are_all_shown() -> None:
    given = '<CGTransform CodePosition="0" CodeCount="2" GlyphCount="1"><Glyphs>191</Glyphs></CGTransform>'
    sheet = drawn(text(code("营业执", 'X="0" Y="10" DeltaX="30"'), before=given), public=NAMED)

    assert min(sheet.ink(left, 20, left + 10, 32) for left in (10, 25, 40)) > 0.05


@pytest.mark.parametrize("font", [NAMED, ""])
def test_a_font_that_is_only_named_or_not_even_that_is_stood_in_for(font: str) -> None:
    assert drawn(text(code("营业执照")), public=font).ink(10, 20, 50, 32) > 0.1


@pytest.mark.parametrize("rubbish", [b"", b"\x01\x00\x04\x02", b"OTTO" + bytes(100), bytes(5000)])
def test_a_font_that_cannot_be_read_is_stood_in_for(rubbish: bytes) -> None:
    sheet = drawn(text(code("营业执照")), public=EMBEDDED, files={"Doc_0/Res/own.ttf": rubbish})

    assert load_embedded(rubbish) is None
    assert sheet.ink(10, 20, 50, 32) > 0.1


def test_text_without_advances_runs_on_naturally() -> None:
    assert drawn(text(code("营业执照")), public=NAMED).ink(38, 20, 50, 32) > 0.1


def test_turned_characters_lie_on_their_side(own_font: dict[str, bytes]) -> None:
    upright = drawn(text(code("章")), public=EMBEDDED, files=own_font)
    turned = drawn(text(code("章"), 'CharDirection="90"'), public=EMBEDDED, files=own_font)

    assert upright.ink(10, 21, 20, 30) > 0.15
    assert turned.ink(10, 21, 20, 29) < 0.02
    assert turned.ink(10, 30, 20, 40) > 0.15


def test_text_may_be_an_outline_alone() -> None:
    filled = drawn(text(code("■")), public=NAMED).ink(10, 20, 20, 32)
    outlined = drawn(text(code("■"), 'Fill="false" Stroke="true" LineWidth="0.01"'), public=NAMED).ink(10, 20, 20, 32)

    assert 0 < outlined < filled


def test_outlines_in_compact_font_format_are_drawn_even_when_they_stand_alone() -> None:
    """A bare CFF table, as some makers embed it: the glyphs are the same as in the whole font."""
    pen = T2CharStringPen(600, None)
    pen.moveTo((0, 0))
    for point in ((500, 0), (500, 700), (0, 700)):
        pen.lineTo(point)
    pen.closePath()
    empty = T2CharStringPen(600, None).getCharString()
    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder([".notdef", "box"])
    builder.setupCharacterMap({65: "box"})
    builder.setupHorizontalMetrics({".notdef": (600, 0), "box": (600, 0)})
    builder.setupHorizontalHeader()
    builder.setupCFF("Test", {}, {".notdef": empty, "box": pen.getCharString()}, {})
    builder.setupPost()
    file = io.BytesIO()
    builder.font.save(file)
    whole = file.getvalue()
    bare = (
        builder.font.reader.tables["CFF "]
        if builder.font.reader
        else uharfbuzz.Face(whole).reference_table("CFF ").data
    )

    assert Typeface(bytes(bare)).glyph_count == 2
    assert Typeface(bytes(bare)).outline(1) == Typeface(whole).outline(1) != ""


def picture_of(colour: str, size: tuple[int, int] = (40, 40)) -> bytes:
    """Left half of one colour, right half black."""
    image = Image.new("RGB", size, colour)
    image.paste("black", (size[0] // 2, 0, *size))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def stamped(pki: SealPki, picture: SealPicture, position: StampPosition, body: str = "") -> Sheet:
    """A page under a seal with this picture."""
    contents = replace(load_seal(pki.seal).contents, picture=picture)
    seal = make_seal(contents, pki.maker.key, pki.maker.certificate.der)
    request = OfdSealRequest(seal, pki.signer.key, pki.signer.certificate.der, (position,), NOW)
    return seen(read_archive(seal_ofd(zipped(page_files(body)), request)))


PLACE = StampPosition(1, 10, 10, 20, 20)


def test_a_seal_shows_where_it_was_put(pki: SealPki) -> None:
    sheet = stamped(pki, SealPicture("PNG", picture_of("red"), 20, 20), PLACE)

    assert sheet.at(15, 20) == (255, 0, 0)
    assert sheet.at(25, 20) == (0, 0, 0)
    assert sheet.at(32, 20) == (255, 255, 255)


def test_a_slice_of_a_riding_seal_shows_alone(pki: SealPki) -> None:
    sheet = stamped(pki, SealPicture("png", picture_of("red"), 20, 20), replace(PLACE, clip_x_mm=10, clip_width_mm=5))

    assert sheet.at(15, 20) == (255, 255, 255)
    assert sheet.at(22, 20) == (0, 0, 0)
    assert sheet.at(27, 20) == (255, 255, 255)


def test_what_is_printed_under_a_seal_stays_legible(pki: SealPki) -> None:
    sheet = stamped(pki, SealPicture("PNG", picture_of("white"), 20, 20), PLACE, square("0 0 0", side=5))

    assert sheet.at(12, 12) == (0, 0, 0)


def test_a_seal_drawn_as_an_ofd_of_its_own_is_shown(pki: SealPki) -> None:
    drawing = zipped(page_files(square("255 0 0", x=0, y=0, side=60)))

    sheet = stamped(pki, SealPicture("ofd", drawing, 20, 20), PLACE)

    assert sheet.at(15, 20) == (255, 0, 0)
    assert sheet.at(27, 20) == (255, 255, 255)


@pytest.mark.parametrize("format", ["ofd", "PNG", "svg"])
def test_where_a_seal_cannot_be_shown_its_place_is(pki: SealPki, format: str) -> None:
    sheet = stamped(pki, SealPicture(format, b"rubbish", 20, 20), PLACE)

    assert sheet.ink(9.5, 9.5, 30.5, 10.5) > 0.01
    assert sheet.at(20, 20) == (255, 255, 255)


def test_a_seal_within_a_seal_within_a_seal_ends(pki: SealPki) -> None:
    data = zipped(page_files(square("255 0 0")))
    for _ in range(5):
        contents = replace(load_seal(pki.seal).contents, picture=SealPicture("ofd", data, 20, 20))
        seal = make_seal(contents, pki.maker.key, pki.maker.certificate.der)
        data = seal_ofd(data, OfdSealRequest(seal, pki.signer.key, pki.signer.certificate.der, (PLACE,), NOW))

    assert seen(read_archive(data)).image.size[0] in (500, 501)
    assert write_archive(read_archive(data)) == data
