"""Typefaces: those that a document carries, and stand-ins for those it only names.

Glyphs are drawn as outlines, read by HarfBuzz from TrueType or CFF; no font ever reaches the rasteriser.
"""

import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import uharfbuzz

from seal.documents.ofd.rendering.canvas import num

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
LARGEST_FONT = 64 << 20
LARGEST_OUTLINE = 20_000

# What a Chinese reader expects of a name, the best that Debian has first. The last line stands in for all others.
_STAND_INS = (
    (("courier", "mono", "consol"), ("DejaVuSansMono.ttf", "LXGWWenKaiMono-Regular.ttf")),
    (("黑", "hei", "arial", "helvetica", "sans", "等线", "雅黑"), ("NotoSansCJK-Regular.ttc", "DejaVuSans.ttf")),
    (("楷", "kai"), ("LXGWWenKai-Regular.ttf",)),
    (("仿宋", "fangsong"), ("LXGWWenKai-Light.ttf",)),
    (("宋", "song", "sun", "times", "serif", "ming", "明"), ("NotoSerifCJK-Regular.ttc", "LXGWWenKai-Regular.ttf")),
)
_LAST_RESORT = (
    "LXGWWenKai-Regular.ttf", "NotoSerifCJK-Regular.ttc", "NotoSansCJK-Regular.ttc", "DejaVuSans.ttf",
)  # fmt: skip
_SIMPLIFIED_CHINESE = 2  # in the Noto collections


class Typeface:
    """One font. Sizes and outlines are in ems, y upwards."""

    def __init__(self, data: bytes, index: int = 0) -> None:
        """Raises ValueError for what is no font."""
        if len(data) > LARGEST_FONT:
            raise ValueError("too large")
        if data[:1] == b"\x01" and data[:4] != b"\x01\x00\x00\x00":
            data = _wrap_bare_cff(data)
        self._face = uharfbuzz.Face(data, index)
        if not self._face.glyph_count:
            raise ValueError("no glyphs")
        self._font = uharfbuzz.Font(self._face)
        self._upem = self._face.upem
        self._has_advances = "hmtx" in self._face.table_tags
        self._outlines: dict[int, str] = {}

    @property
    def glyph_count(self) -> int:
        """How many glyphs there are."""
        return int(self._face.glyph_count)

    def glyph(self, character: str) -> int | None:
        """The glyph of a character, `None` when there is none."""
        glyph = self._font.get_nominal_glyph(ord(character))
        return glyph or None

    def advance(self, glyph: int) -> float:
        """How far the glyph advances."""
        return self._font.get_glyph_h_advance(glyph) / self._upem if self._has_advances else 1.0

    def outline(self, glyph: int) -> str:
        """The glyph's path as PDF operators in font units; empty when it has none."""
        if glyph not in self._outlines:
            pen = _Pen()
            if 0 <= glyph < self._face.glyph_count:
                self._font.draw_glyph_with_pen(glyph, pen)
            self._outlines[glyph] = "".join(pen.parts) if len(pen.parts) <= LARGEST_OUTLINE else ""
        return self._outlines[glyph]

    @property
    def units(self) -> int:
        """Font units in an em."""
        return int(self._upem)


class _Pen:
    """Receives an outline, quadratic curves turned into cubic ones."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._here = (0.0, 0.0)

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - the pen protocol's names
        self._here = point
        self.parts.append(f"{num(point[0])} {num(point[1])} m\n")

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self._here = point
        self.parts.append(f"{num(point[0])} {num(point[1])} l\n")

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802
        self._here = points[-1]
        self.parts.append(" ".join(f"{num(x)} {num(y)}" for x, y in points) + " c\n")

    def qCurveTo(self, control: tuple[float, float], end: tuple[float, float]) -> None:  # noqa: N802
        start = self._here
        first = (start[0] + (control[0] - start[0]) * 2 / 3, start[1] + (control[1] - start[1]) * 2 / 3)
        second = (end[0] + (control[0] - end[0]) * 2 / 3, end[1] + (control[1] - end[1]) * 2 / 3)
        self.curveTo(first, second, end)

    def closePath(self) -> None:  # noqa: N802
        self.parts.append("h\n")

    def endPath(self) -> None:  # noqa: N802
        """Outlines are filled, so an open one needs nothing."""


def load_embedded(data: bytes) -> Typeface | None:
    """A font out of a package; `None` when it cannot be used."""
    try:
        return Typeface(data)
    except (ValueError, struct.error, uharfbuzz.HarfBuzzError, IndexError):
        return None


def stand_ins(name: str) -> Iterator[Typeface]:
    """Fonts of this machine to draw text of the font `name`, the most fitting first."""
    lowered = name.lower()
    wanted = next((files for words, files in _STAND_INS if any(word in lowered for word in words)), ())
    for file in dict.fromkeys((*wanted, *_LAST_RESORT)):
        typeface = _installed(file)
        if typeface is not None:
            yield typeface


@lru_cache(maxsize=32)
def _installed(file: str) -> Typeface | None:
    path = next((found for folder in FOLDERS if folder.is_dir() for found in sorted(folder.rglob(file))), None)
    if path is None:
        return None
    return Typeface(path.read_bytes(), _SIMPLIFIED_CHINESE if path.suffix == ".ttc" else 0)


def _wrap_bare_cff(data: bytes) -> bytes:
    """An OpenType file around a CFF table (Adobe TN 5176) that stands alone, for readers of OpenType."""
    head = struct.pack(">IIIIHHQQhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, 1000, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0)
    maxp = struct.pack(">IH", 0x5000, _count_charstrings(data))
    tables: list[tuple[bytes, Any]] = [(b"CFF ", data), (b"head", head), (b"maxp", maxp)]
    offset = 12 + 16 * len(tables)
    directory, body = b"", b""
    for tag, content in tables:
        directory += tag + struct.pack(">III", 0, offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    return b"OTTO" + struct.pack(">HHHH", len(tables), 32, 1, 16) + directory + body


def _count_charstrings(data: bytes) -> int:
    """The number of glyphs: the count of the INDEX that operator 17 of the top dictionary points at."""
    _names, position = _index(data, data[2])
    dictionaries, _position = _index(data, position)
    start, end = dictionaries[0]
    operands: list[int] = []
    while start < end:
        byte = data[start]
        start += 1
        if byte == 17:
            return int(struct.unpack_from(">H", data, operands[-1])[0])
        if byte <= 21:
            operands.clear()
            start += byte == 12
        elif byte == 28:
            operands.append(struct.unpack_from(">h", data, start)[0])
            start += 2
        elif byte == 29:
            operands.append(struct.unpack_from(">i", data, start)[0])
            start += 4
        elif byte == 30:
            while data[start] & 0x0F != 0x0F:
                start += 1
            start += 1
        elif byte <= 246:
            operands.append(byte - 139)
        else:
            operands.append((byte - 247) * 256 + data[start] + 108 if byte <= 250 else 0)
            start += 1
    raise ValueError("no CharStrings")


def _index(data: bytes, position: int) -> tuple[list[tuple[int, int]], int]:
    """Where the items of a CFF INDEX begin and end, and where it ends."""
    (count,) = struct.unpack_from(">H", data, position)
    if not count:
        return [], position + 2
    size = data[position + 2]
    table = position + 3
    base = table + size * (count + 1) - 1
    offsets = [int.from_bytes(data[table + size * i : table + size * (i + 1)], "big") for i in range(count + 1)]
    return [(base + offsets[i], base + offsets[i + 1]) for i in range(count)], base + offsets[-1]
