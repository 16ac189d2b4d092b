"""Typefaces: how wide a character is, whether it can be drawn at all, and the subset that is embedded."""

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import uharfbuzz

from kernel.errors import ConfigurationError
from seal.documents.ofd.writing.fonts import subset_face

STYLES = ("regular", "bold", "light", "mono")
DEFAULT_FOLDERS = (
    Path("/usr/share/fonts/truetype/lxgw-wenkai"),
    Path("/usr/local/share/fonts/lxgw-wenkai"),
    Path("/usr/share/fonts/lxgw-wenkai"),
)
DEFAULT_FILES = {
    "regular": "LXGWWenKai-Regular.ttf",
    "bold": "LXGWWenKai-Bold.ttf",
    "light": "LXGWWenKai-Light.ttf",
    "mono": "LXGWWenKaiMono-Regular.ttf",
}
FALLBACK_FILES = (
    Path("/usr/share/fonts/truetype/hanazono/HanaMinA.ttf"),
    Path("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf"),
    Path("/usr/share/fonts/truetype/cns11643/TW-Sung-98_1.ttf"),
    Path("/usr/share/fonts/truetype/cns11643/TW-Sung-Ext-B-98_1.ttf"),
)
"""Where rare characters come from: with LXGW WenKai, Hanazono has every ideograph up to extension F."""
FALLBACK_FOLDER = "fallback"
"""Below the folder of the fonts: an operator's own fonts for rare names."""
# OpenType `OS/2` fsType: restricted licence, no subsetting, bitmaps alone.
NO_EMBEDDING = 0x0002 | 0x0100 | 0x0200


@dataclass(frozen=True)
class Subset:
    """A TrueType file with only the glyphs that a document uses; `glyphs` maps each character to its glyph in it."""

    data: bytes
    glyphs: Mapping[str, int]
    advances: Mapping[int, int]
    """Advance of each glyph in thousandths of the size."""

    @cached_property
    def deflated(self) -> bytes:
        """`data` in the zlib format; both files take it."""
        return zlib.compress(self.data, 1)

    @cached_property
    def tag(self) -> str:
        """The six letters that mark a subset in PDF (ISO 32000-1 §9.6.4), derived from its bytes."""
        digest = hashlib.sha256(self.data).digest()
        return "".join(chr(ord("A") + byte % 26) for byte in digest[:6])


class Typeface:
    """One font file with TrueType outlines."""

    def __init__(self, key: str, path: Path) -> None:
        """Open `path`; raises `ConfigurationError` when it is missing or has no TrueType outlines."""
        if not path.is_file():
            raise ConfigurationError(
                "The font file {path} is missing. Name its folder in XINYIN_FONT_DIRECTORY.", path=str(path)
            )
        self.key = key
        self._face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)))
        self._font = uharfbuzz.Font(self._face)
        self._advances: dict[str, float | None] = {}
        if "glyf" not in self._face.table_tags:
            raise ConfigurationError("The font file {path} has no TrueType outlines.", path=str(path))
        if self._embedding_rights & NO_EMBEDDING:
            raise ConfigurationError("The font file {path} may not be embedded in documents.", path=str(path))

    @property
    def _embedding_rights(self) -> int:
        table = self._face.reference_table("OS/2").data
        return int.from_bytes(table[8:10], "big") if len(table) >= 10 else 0

    def advance(self, character: str) -> float | None:
        """How far `character` advances, as a part of the size; None when the font cannot draw it."""
        if character not in self._advances:
            glyph = self._font.get_nominal_glyph(ord(character))
            units = self._font.get_glyph_h_advance(glyph) if glyph else None
            self._advances[character] = None if units is None else units / self._face.upem
        return self._advances[character]

    @cached_property
    def postscript_name(self) -> str:
        """The font's own name, as PDF and OFD give it."""
        return self._name(uharfbuzz.OTNameIdPredefined.POSTSCRIPT_NAME)

    @cached_property
    def family_name(self) -> str:
        """The family's English name."""
        return self._name(uharfbuzz.OTNameIdPredefined.FONT_FAMILY)

    def _name(self, name_id: Any) -> str:
        return str(self._face.get_name(name_id, "en") or self.key)

    @cached_property
    def extents(self) -> tuple[int, int]:
        """Ascent and (negative) descent in thousandths of the size."""
        extents, upem = self._font.get_font_extents("ltr"), self._face.upem
        return round(extents.ascender * 1000 / upem), round(extents.descender * 1000 / upem)

    def subset(self, characters: Iterable[str]) -> Subset:
        """Only what `characters` need, the same bytes for the same characters."""
        return _subset(self._prepared, frozenset(characters))

    @cached_property
    def _prepared(self) -> Any:
        """The font arranged for being cut down often: four times quicker, and the same bytes come out."""
        return uharfbuzz.subset_preprocess(self._face)


@lru_cache(maxsize=64)
def _subset(face: Any, characters: frozenset[str]) -> Subset:
    """Kept, since the same licence is written twice and the characters of a face's labels stay the same."""
    wanted = sorted(characters)
    reduced = subset_face(face, wanted)
    font = uharfbuzz.Font(reduced)
    glyphs = {character: font.get_nominal_glyph(ord(character)) for character in wanted}
    advances = {glyph: round(font.get_glyph_h_advance(glyph) * 1000 / reduced.upem) for glyph in glyphs.values()}
    return Subset(reduced.blob.data, glyphs, advances)


class FontBook:
    """The typefaces of the house by style; each style may have further fonts that fill its gaps."""

    def __init__(self, styles: Mapping[str, Sequence[Typeface]]) -> None:
        """`styles` gives each style its typefaces, the first choice first."""
        self._styles = {style: tuple(faces) for style, faces in styles.items()}
        self._by_key = {face.key: face for faces in self._styles.values() for face in faces}
        self._fine: dict[str, set[str]] = {style: set() for style in styles}
        self._placed: dict[str, dict[str, tuple[Typeface, float] | None]] = {style: {} for style in styles}

    def typeface(self, key: str) -> Typeface:
        """The typeface called `key`."""
        return self._by_key[key]

    def find(self, style: str, character: str) -> Typeface | None:
        """The first typeface of `style` that can draw `character`."""
        placed = self.place(style, character)
        return placed[0] if placed else None

    def place(self, style: str, character: str) -> tuple[Typeface, float] | None:
        """The first typeface of `style` that can draw `character`, and how far it advances; None when none can."""
        known = self._placed[style]
        if character not in known:  # bounded by Unicode
            drawn = ((face, face.advance(character)) for face in self._styles[style])
            known[character] = next(((face, advance) for face, advance in drawn if advance is not None), None)
        return known[character]

    def are_fine(self, style: str, text: str) -> bool:
        """Whether every character was noted as one that may be drawn in this style."""
        return self._fine[style].issuperset(text)

    def note_fine(self, style: str, text: str) -> None:
        """All of `text` was looked at and may be drawn; it need not be looked at again."""
        self._fine[style].update(text)

    def place_all(self, style: str, text: str) -> list[tuple[Typeface, float]] | None:
        """As `place` for each character of `text`; None when one of them cannot be drawn."""
        known = self._placed[style]
        try:
            placed = [known[character] for character in text]
        except KeyError:
            placed = [self.place(style, character) for character in text]
        return [each for each in placed if each] if all(placed) else None


def load_fonts(folder: Path | None = None, extra: Sequence[Path] = ()) -> FontBook:
    """The book from `folder` (or where Debian's fonts-lxgw-wenkai puts it).

    What a style's own font lacks is taken from the regular font, then from `extra` fonts, those in the folder
    `fallback`, and those of `FALLBACK_FILES` that are installed.
    """
    home = folder or next((place for place in DEFAULT_FOLDERS if place.is_dir()), None)
    if home is None:
        raise ConfigurationError(
            "No font for licences was found. Install fonts-lxgw-wenkai, or name its folder in XINYIN_FONT_DIRECTORY."
        )
    found = (path for path in FALLBACK_FILES if path.is_file())
    return _book(home, (*extra, *sorted((home / FALLBACK_FOLDER).glob("*.ttf")), *found))


@lru_cache(maxsize=4)
def _book(home: Path, spare: tuple[Path, ...]) -> FontBook:
    """One a process: a book with what is prepared and drawn of its fonts takes a hundred megabytes."""
    own = {style: Typeface(style, home / DEFAULT_FILES[style]) for style in STYLES}
    fillers = [Typeface(f"extra{index}", path) for index, path in enumerate(spare)]
    return FontBook({style: tuple(dict.fromkeys((own[style], own["regular"], *fillers))) for style in STYLES})
