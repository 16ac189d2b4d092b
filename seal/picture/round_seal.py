"""The round seal of an agency as a PNG: one red, its strength in the transparency."""

import math
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

from kernel.errors import ConfigurationError, InvalidInput

RED = (230, 0, 18)
PIXELS = 496
"""The picture's side: 300 dots an inch at 42 mm."""

_SUPERSAMPLING = 4
_STRENGTHS = 16
_DESIGN_MM = 42.0
"""Every measure below is for this diameter and scales with the seal."""

_RING_MM, _STAR_MM, _NAME_MM, _NAME_GAP_MM = 1.2, 14.0, 5.4, 1.0
_BOTTOM_MM, _BOTTOM_AT_MM, _CODE_MM, _CODE_GAP_MM = 3.2, 10.4, 1.6, 0.55
_NAME_SPAN, _NAME_SPAN_ABOVE_LINE, _NAME_STEP = math.radians(264), math.radians(222), math.radians(32)
_CODE_SPAN = math.radians(64)
_MOST_CHARACTERS = 36


@dataclass(frozen=True)
class RoundSeal:
    """What to draw: the agency's `name` around the star, an optional line below it, the seal code along the lower edge.

    `font` is a TrueType or OpenType file (`font_index` for collections) that has every character.
    """

    name: str
    code: str
    font: Path
    bottom_text: str = ""
    font_index: int = 0


def draw_round_seal(design: RoundSeal, *, pixels: int = PIXELS) -> bytes:
    """The picture as PNG, `pixels` wide and high, transparent but for the red.

    Raises `InvalidInput` for an empty or overlong name or a character that the font lacks, `ConfigurationError` for a
    font that cannot be read.
    """
    _check_text(design)
    canvas = _Canvas(design, pixels * _SUPERSAMPLING)
    canvas.ring()
    canvas.star()
    canvas.name()
    canvas.bottom_line()
    canvas.code()
    return _png(canvas.mask.resize((pixels, pixels), Image.Resampling.LANCZOS))


def _check_text(design: RoundSeal) -> None:
    if not 2 <= len(design.name) <= _MOST_CHARACTERS:
        raise InvalidInput("The name on a seal has 2 to {most} characters.", most=_MOST_CHARACTERS)
    known = _characters(design.font, design.font_index)
    for character in design.name + design.bottom_text + design.code:
        if ord(character) not in known and not character.isspace():
            raise InvalidInput("The seal's font has no character {character}.", character=character)


@lru_cache(maxsize=4)
def _characters(font: Path, index: int) -> frozenset[int]:
    try:
        with TTFont(font, fontNumber=index, lazy=True) as opened:
            return frozenset(opened.getBestCmap())
    except Exception as failure:
        raise ConfigurationError("The font {path} cannot be read.", path=str(font)) from failure


def _png(alpha: Image.Image) -> bytes:
    """One colour in a few strengths: a tenth of the size of full colour with transparency."""
    most = _STRENGTHS - 1
    strengths = alpha.point([round(level * most / 255) for level in range(256)])
    image = Image.frombytes("P", strengths.size, strengths.tobytes())
    image.putpalette(RED * _STRENGTHS)
    transparency = bytes(round(strength * 255 / most) for strength in range(_STRENGTHS))
    output = BytesIO()
    image.save(output, "PNG", optimize=True, bits=4, transparency=transparency)
    return output.getvalue()


class _Canvas:
    """The seal large, as a mask of where there is ink."""

    def __init__(self, design: RoundSeal, side: int) -> None:
        self._design = design
        self._scale = side / _DESIGN_MM
        self._middle = side / 2
        self.mask = Image.new("L", (side, side), 0)
        self._draw = ImageDraw.Draw(self.mask)

    def ring(self) -> None:
        side = self.mask.width
        self._draw.ellipse((0, 0, side - 1, side - 1), outline=255, width=round(_RING_MM * self._scale))

    def star(self) -> None:
        outer = _STAR_MM / 2 * self._scale
        inner = outer * math.sin(math.radians(18)) / math.sin(math.radians(126))
        points = []
        for corner in range(10):
            radius, angle = (inner if corner % 2 else outer), math.radians(36 * corner)
            points.append((self._middle + radius * math.sin(angle), self._middle - radius * math.cos(angle)))
        self._draw.polygon(points, fill=255)

    def name(self) -> None:
        characters = "".join(self._design.name.split())
        span = _NAME_SPAN_ABOVE_LINE if self._design.bottom_text else _NAME_SPAN
        step = min(_NAME_STEP, span / max(len(characters) - 1, 1))
        height = _NAME_MM * self._scale
        radius = self._middle - (_RING_MM + _NAME_GAP_MM) * self._scale - height / 2
        width = min(height, 0.97 * step * (radius - height / 2))
        for place, character in enumerate(characters):
            angle = (place - (len(characters) - 1) / 2) * step
            self._place(character, (width, height), radius, angle)

    def code(self) -> None:
        characters = self._design.code
        step = _CODE_SPAN / max(len(characters) - 1, 1)
        height = _CODE_MM * self._scale
        radius = self._middle - (_RING_MM + _CODE_GAP_MM) * self._scale - height / 2
        for place, character in enumerate(characters):
            angle = math.pi - (place - (len(characters) - 1) / 2) * step
            self._place(character, (0.62 * height, height), radius, angle, upside_down=True)

    def bottom_line(self) -> None:
        text = self._design.bottom_text
        if not text:
            return
        font = self._font(_BOTTOM_MM * self._scale)
        left, top, right, bottom = font.getbbox(text)
        glyphs = self._glyphs(text, font, (left, top, right, bottom))
        widest = 20 * self._scale
        if glyphs.width > widest:
            glyphs = glyphs.resize((round(widest), glyphs.height), Image.Resampling.LANCZOS)
        self._paste(glyphs, self._middle, self._middle + _BOTTOM_AT_MM * self._scale)

    def _place(
        self,
        character: str,
        size: tuple[float, float],
        radius: float,
        angle: float,
        *,
        upside_down: bool = False,
    ) -> None:
        """One character on a circle, `angle` clockwise from the top; its foot to the middle, or outwards."""
        font = self._font(size[1])
        box = font.getbbox(character)
        glyph = self._glyphs(character, font, box)
        # Characters keep their own proportions within the cell, so that 一 does not become a block.
        em = font.getlength(character) or size[1]
        scaled = (max(1, round(glyph.width * size[0] / em)), glyph.height)
        cell = Image.new("L", (round(size[0] * 1.5), round(size[1] * 1.5)), 0)
        fitted = glyph.resize(scaled, Image.Resampling.LANCZOS)
        ascent, descent = font.getmetrics()
        middle = (box[1] + box[3]) / 2 - (ascent + descent) / 2
        cell.paste(fitted, (round((cell.width - fitted.width) / 2), round((cell.height - fitted.height) / 2 + middle)))
        turned = angle + math.pi if upside_down else angle
        rotated = cell.rotate(-math.degrees(turned), Image.Resampling.BICUBIC, expand=True)
        self._paste(rotated, self._middle + radius * math.sin(angle), self._middle - radius * math.cos(angle))

    def _glyphs(self, text: str, font: ImageFont.FreeTypeFont, box: tuple[float, float, float, float]) -> Image.Image:
        left, top, right, bottom = box
        glyphs = Image.new("L", (max(1, math.ceil(right - left)), max(1, math.ceil(bottom - top))), 0)
        ImageDraw.Draw(glyphs).text((-left, -top), text, fill=255, font=font)
        return glyphs

    def _paste(self, glyphs: Image.Image, x: float, y: float) -> None:
        corner = round(x - glyphs.width / 2), round(y - glyphs.height / 2)
        self.mask.paste(255, corner, glyphs)

    def _font(self, size: float) -> ImageFont.FreeTypeFont:
        try:
            return ImageFont.truetype(str(self._design.font), round(size), self._design.font_index)
        except OSError as failure:
            raise ConfigurationError("The font {path} cannot be read.", path=str(self._design.font)) from failure
