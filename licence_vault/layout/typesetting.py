"""Setting text: breaking Chinese and Latin text into lines, shrinking what is too long, placing every character."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from kernel.errors import FieldError, InvalidInput
from licence_vault.layout.drawing import Box, Line, Text
from licence_vault.layout.face import POINT, Style
from licence_vault.layout.fonts import FontBook, Typeface

# Kinsoku, after GB/T 15834-2011 §5.1: what may not begin a line, and what may not end one.
NOT_AT_START = frozenset("、。，．：；？！)）]］}｝〉》」』】〕〗’”…—～·%％‰℃,.:;?!")
NOT_AT_END = frozenset("(（[［{｛〈《「『【〔〖‘“¥￥$")
# A character's ink in a Chinese em box: the baseline stands 0.88 of the size below its top.
BASELINE = 0.88
SHRINK_STEP = 0.5
ROUNDING = 0.01
"""Millimetres that sums of lengths may be off without anybody seeing it."""
UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Controls, joiners, text directions, separators: a name with one of them looks like another name."""


class _Glyphs(NamedTuple):
    """Characters in a row: what each is drawn with, and how far it advances (millimetres)."""

    text: str
    typefaces: Sequence[Typeface]
    advances: Sequence[float]

    def part(self, start: int, end: int) -> "_Glyphs":
        return _Glyphs(self.text[start:end], self.typefaces[start:end], self.advances[start:end])

    def width(self, spacing: float) -> float:
        """From the start of the first character to the end of the last one."""
        return sum(self.advances) + spacing * max(0, len(self.text) - 1)


def set_text(text: str, box: Box, style: Style, fonts: FontBook, field: str | None = None) -> tuple[Text, ...]:
    """Place `text` in `box`; one `Text` for each typeface it needs.

    Raises `InvalidInput` that names `field` and the character no font can draw, or says that the text is too long.
    """
    paragraphs = text.split("\n")
    check_drawable(text, style.font, fonts, field)
    size = style.size
    while True:
        lines = _break_all(paragraphs, box.width, size, style, fonts)
        if lines is not None and _height(len(lines), size, style) <= box.height + ROUNDING:
            return _place(lines, box, size, style, field)
        if size <= style.smallest:
            raise _too_long(field)
        size = max(style.smallest, size - SHRINK_STEP)


def check_drawable(text: str, style: str, fonts: FontBook, field: str | None) -> None:
    """Refuse what could only be drawn as an empty box, and what would change a text without being seen in it."""
    if fonts.are_fine(style, text):
        return
    for character in dict.fromkeys(text):
        if character == "\n":
            continue
        if _is_unseen(character):
            message = "U+{code} is a character that nobody can see. Please remove it."
            params: dict[str, Any] = {"code": f"{ord(character):04X}"}
            raise InvalidInput(message, fields=[FieldError(_pointer(field), message, params)], **params)
        if fonts.place(style, character) is None:
            shown = character if character.isprintable() else unicodedata.name(character, "?")
            message = "The character “{character}” (U+{code}) is in no font we have, so it cannot be printed."
            params = {"character": shown, "code": f"{ord(character):04X}"}
            raise InvalidInput(message, fields=[FieldError(_pointer(field), message, params)], **params)
    fonts.note_fine(style, text)


@lru_cache(maxsize=4096)
def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in UNSEEN


def _too_long(field: str | None) -> InvalidInput:
    message = "This text is too long for its place on the licence. Please shorten it."
    return InvalidInput(message, fields=[FieldError(_pointer(field), message)])


def _pointer(field: str | None) -> str:
    return field or ""


def _height(count: int, size: float, style: Style) -> float:
    return size * POINT * (1 + (count - 1) * style.leading)


def _break_all(
    paragraphs: Sequence[str], width: float, size: float, style: Style, fonts: FontBook
) -> list[_Glyphs] | None:
    """All lines, or None when a line is wider than the box and cannot be broken."""
    lines: list[_Glyphs] = []
    for paragraph in paragraphs:
        glyphs = _glyphs(paragraph, size, style, fonts)
        if glyphs.width(style.spacing) <= width + ROUNDING:
            lines.append(glyphs)
            continue
        if not style.wrap:
            return None
        broken = list(_break(glyphs, width, style.spacing))
        if any(line.width(style.spacing) > width + ROUNDING for line in broken):
            return None
        lines += broken
    return lines


def _glyphs(text: str, size: float, style: Style, fonts: FontBook) -> _Glyphs:
    placed = fonts.place_all(style.font, text)
    if placed is None:
        raise AssertionError(text)  # check_drawable went first
    size_mm = size * POINT
    return _Glyphs(text, [face for face, _advance in placed], [advance * size_mm for _face, advance in placed])


def _break(glyphs: _Glyphs, width: float, spacing: float) -> Iterator[_Glyphs]:
    start, total = 0, len(glyphs.text)
    while start < total:
        end, used = start, 0.0
        while end < total and used + glyphs.advances[end] <= width + ROUNDING:
            used += glyphs.advances[end] + spacing
            end += 1
        if end < total:
            end = _last_break(glyphs.text, start, end)
        yield glyphs.part(start, end)
        start = end
        while start < total and glyphs.text[start] == " ":
            start += 1


def _last_break(text: str, start: int, end: int) -> int:
    """The latest allowed break in (start, end]; `end` itself when there is none, so that progress is certain."""
    for position in range(end, start, -1):
        if _may_break(text[position - 1], text[position]):
            return position
    return max(end, start + 1)


def _may_break(before: str, after: str) -> bool:
    if after in NOT_AT_START or before in NOT_AT_END:
        return False
    if before in ".," and after.isascii() and after.isdigit():
        return False  # 98.62, 12,860
    return not (_is_word(before) and _is_word(after))


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character in "-_/@")


def _place(lines: Sequence[_Glyphs], box: Box, size: float, style: Style, field: str | None) -> tuple[Text, ...]:
    size_mm = size * POINT
    top = box.y + ((box.height - _height(len(lines), size, style)) / 2 if style.middle else 0)
    by_typeface: dict[str, list[Line]] = {}
    for index, glyphs in enumerate(lines):
        baseline = top + size_mm * (BASELINE + index * style.leading)
        x, gap = _start_and_gap(glyphs, box, style)
        for key, line in _runs(glyphs, x, gap, baseline):
            by_typeface.setdefault(key, []).append(line)
    return tuple(
        Text(tuple(placed), typeface, size_mm, style.colour, field) for typeface, placed in by_typeface.items()
    )


def _start_and_gap(glyphs: _Glyphs, box: Box, style: Style) -> tuple[float, float]:
    free = box.width - glyphs.width(style.spacing)
    match style.align:
        case "centre":
            return box.x + free / 2, style.spacing
        case "right":
            return box.x + free, style.spacing
        case "spread" if len(glyphs.text) > 1:
            return box.x, style.spacing + free / (len(glyphs.text) - 1)
        case _:
            return box.x, style.spacing


def _runs(glyphs: _Glyphs, x: float, gap: float, baseline: float) -> Iterator[tuple[str, Line]]:
    """The line cut where the typeface changes."""
    start = 0
    for typeface, same in groupby(glyphs.typefaces):
        end = start + len(list(same))
        advances = tuple(advance + gap for advance in glyphs.advances[start:end])
        yield typeface.key, Line(glyphs.text[start:end], x, baseline, advances)
        x += sum(advances)
        start = end
