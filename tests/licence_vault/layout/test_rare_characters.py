"""Names with rare characters are printed whole; a character that no font has is an error that names it."""

import io
import subprocess
import unicodedata
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from kernel.errors import ConfigurationError, InvalidInput
from licence_vault.layout.fonts import DEFAULT_FILES, DEFAULT_FOLDERS, Typeface, load_fonts
from tests.licence_vault.layout.ofd_picture import FINER, blurred_difference, ofd_pictures
from tests.licence_vault.layout.reading import Package, ofd_characters, rendered
from tests.licence_vault.layout.samples import fonts, small

RARE = {
    "𠮷": "extension B", "䶮": "extension A", "㛃": "extension A", "𰻝": "extension G", "𫚭": "extension C",
    "𫠝": "extension D", "𬬭": "extension E", "𮧵": "extension F", "龦": "GB 18030-2022", "㐂": "extension A",
}  # fmt: skip

LACKING = 0x3134A
"""The last ideograph of extension G, which no free font that we know has."""


@pytest.mark.parametrize("character", RARE, ids=RARE.values())
def test_a_rare_name_stands_in_both_files_and_looks_the_same(character: str) -> None:
    sample = small(f"林{character}")
    assert character in {each.character for each in ofd_characters(sample.ofd)}
    told = subprocess.run(["pdftotext", "-", "-"], input=sample.pdf, capture_output=True, check=True).stdout.decode()
    assert f"林{character}" in told
    fine = rendered(sample.pdf, dpi=72 * FINER)
    other = fine.resize((fine.width // FINER, fine.height // FINER))
    (picture,) = ofd_pictures(sample.ofd, 72)
    assert blurred_difference(picture, other) < 0.004


@pytest.mark.parametrize("character", RARE, ids=RARE.values())
def test_what_is_embedded_is_its_glyph_and_not_a_box(character: str) -> None:
    sample = small(character)
    package = Package(sample.ofd)
    found = []
    for name in package.names:
        if name.endswith(".ttf"):
            font = TTFont(io.BytesIO(package.parts[name]))
            glyph = font.getBestCmap().get(ord(character))
            if glyph is not None:
                found.append(font["glyf"][glyph].numberOfContours)
    assert found
    assert found[0] != 0


def test_every_ideograph_up_to_extension_f_can_be_drawn() -> None:
    blocks = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B738), (0x2B740, 0x2B81D),
              (0x2B820, 0x2CEA1), (0x2CEB0, 0x2EBE0))  # fmt: skip
    book = fonts()
    missing = [
        f"{code:X}"
        for first, last in blocks
        for code in range(first, last + 1)
        if unicodedata.category(chr(code)) == "Lo" and book.find("regular", chr(code)) is None
    ]
    assert missing == []


def test_a_character_that_no_font_has_is_named() -> None:
    with pytest.raises(InvalidInput) as refusal:
        small(f"林{chr(LACKING)}")
    assert "U+3134A" in refusal.value.message.format(**refusal.value.params)
    assert [error.field for error in refusal.value.fields] == ["fields.name"]


def test_a_font_that_may_not_be_embedded_is_refused(tmp_path: Path) -> None:
    font = TTFont(io.BytesIO(fonts().typeface("regular").subset("青").data))
    font["OS/2"].fsType = 0x0002
    path = tmp_path / "restricted.ttf"
    font.save(path)
    with pytest.raises(ConfigurationError, match="may not be embedded"):
        Typeface("restricted", path)


def test_an_operators_own_font_fills_what_is_missing(tmp_path: Path) -> None:
    for name in DEFAULT_FILES.values():
        (tmp_path / name).symlink_to(DEFAULT_FOLDERS[0] / name)
    font = TTFont(io.BytesIO(fonts().typeface("regular").subset("𰻝").data))
    for table in font["cmap"].tables:
        table.cmap = {LACKING if code > 0xFFFF else code: glyph for code, glyph in table.cmap.items()}
    (tmp_path / "fallback").mkdir()
    font.save(tmp_path / "fallback" / "own.ttf")
    assert fonts().find("bold", chr(LACKING)) is None
    assert load_fonts(tmp_path).find("bold", chr(LACKING)) is not None
