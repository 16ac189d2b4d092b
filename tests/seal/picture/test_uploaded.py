"""A picture that somebody sends is taken only if it would print as a seal does."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from kernel.errors import InvalidInput
from seal.picture.round_seal import RoundSeal, draw_round_seal
from seal.picture.uploaded import check_picture
from tests.seal.fonts import KAI_BOLD
from tests.seal.pki import SEAL_CODE, SEAL_NAME, TINY_PNG

RED = (220, 20, 30, 255)


def picture(
    *, size: tuple[int, int] = (400, 400), colour: tuple[int, ...] = RED, paper: tuple[int, ...] = (0, 0, 0, 0)
) -> bytes:
    image = Image.new("RGBA", size, paper)
    ImageDraw.Draw(image).ellipse((4, 4, size[0] - 5, size[1] - 5), outline=colour, width=20)
    return saved(image)


def saved(image: Image.Image, format: str = "PNG", **more: object) -> bytes:
    output = BytesIO()
    image.save(output, format, **more)
    return output.getvalue()


def refusals(data: bytes, width_mm: float = 42, height_mm: float = 42) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        check_picture(data, width_mm=width_mm, height_mm=height_mm)
    return [fault.message.format(**fault.params) for fault in refused.value.fields]


def test_a_scanned_seal_is_taken_with_its_pixels_and_nothing_else() -> None:
    note = PngInfo()
    note.add_text("Author", "somebody")
    image = Image.open(BytesIO(picture()))
    taken = check_picture(saved(image, pnginfo=note), width_mm=42, height_mm=42)

    written = Image.open(BytesIO(taken.png))
    assert written.tobytes() == image.tobytes()
    assert "Author" not in written.info
    assert written.info["dpi"][0] == pytest.approx(400 / 42 * 25.4, abs=0.1)


def test_our_own_drawing_passes_its_own_rules() -> None:
    check_picture(draw_round_seal(RoundSeal(SEAL_NAME, SEAL_CODE, KAI_BOLD)), width_mm=42, height_mm=42)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "PNG of at most 512 KB"),
        (saved(Image.new("RGB", (400, 400)), "JPEG"), "PNG of at most 512 KB"),
        (picture() + bytes(512 * 1024), "PNG of at most 512 KB"),
        (picture()[:200], "cannot be read"),
        (picture(size=(200, 200)), "200 pixels wide; at 42 mm it needs at least 248"),
        (picture(size=(400, 300)), "proportions"),
        (picture(paper=(255, 255, 255, 255)), "transparent"),
        (picture(colour=(20, 20, 220, 255)), "red"),
        (saved(Image.new("RGBA", (400, 400), (0, 0, 0, 0))), "nearly empty"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, says: str) -> None:
    assert any(says in text for text in refusals(data))


def test_everything_wrong_is_said_at_once() -> None:
    assert len(refusals(TINY_PNG)) >= 2


def test_an_oval_picture_goes_on_an_oval_seal() -> None:
    check_picture(picture(size=(400, 300)), width_mm=40, height_mm=30)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(10_000_000))) + chunk(b"IEND", b"")

    assert refusals(bomb) == ["The picture is at most 4096 pixels wide and high."]


def test_a_moving_picture_is_refused() -> None:
    frames = [Image.open(BytesIO(picture(colour=(red, 0, 0, 255)))) for red in (200, 220)]

    assert refusals(saved(frames[0], save_all=True, append_images=frames[1:])) == ["The picture must not move."]


@given(st.binary(max_size=300), st.integers(0, 400))
def test_damaged_files_are_refused_and_nothing_else_escapes(noise: bytes, at: int) -> None:
    damaged = bytearray(TINY_PNG * 4)
    damaged[at : at + len(noise)] = noise

    assert refusals(bytes(damaged))
