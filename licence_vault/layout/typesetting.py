"""Setting text: breaking Chinese and Latin text into lines, shrinking what is too long, placing every character."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
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
UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Controls, joiners, text directions, separators: a name with one of them looks like another name."""


class _Glyph(NamedTuple):
    character: str
    typeface: Typeface
    advance: float


def set_text(text: str, box: Box, style: Style, fonts: FontBook, field: str | None = None) -> tuple[Text, ...]:
    """Place `text` in `box`; one `Text` for each typeface it needs.

    Raises `InvalidInput` that names `field` and the character no font can draw, or says that the text is too long.
    """
    paragraphs = text.split("\n")
    check_drawable(text, style.font, fonts, field)
    size = style.size
    while True:
        lines = _break_all(paragraphs, box.width, size, style, fonts)
        if lines is not None and _height(len(lines), size, style) <= box.height + 0.01:
            return _place(lines, box, size, style, field)
        if size <= style.smallest:
            raise _too_long(field)
        size = max(style.smallest, size - SHRINK_STEP)


def check_drawable(text: str, style: str, fonts: FontBook, field: str | None) -> None:
    """Refuse what could only be drawn as an empty box, and what would change a text without being seen in it."""
    for character in text:
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
) -> list[list[_Glyph]] | None:
    """All lines, or None when a line is wider than the box and cannot be broken."""
    lines: list[list[_Glyph]] = []
    for paragraph in paragraphs:
        glyphs = _glyphs(paragraph, size, style, fonts)
        if style.wrap:
            lines.extend(_break(glyphs, width, style.spacing))
        else:
            lines.append(glyphs)
    if any(_natural_width(line, style.spacing) > width + 0.01 for line in lines):
        return None
    return lines


def _glyphs(text: str, size: float, style: Style, fonts: FontBook) -> list[_Glyph]:
    size_mm, glyphs = size * POINT, []
    for character in text:
        placed = fonts.place(style.font, character)
        if placed is None:
            raise AssertionError(character)  # check_drawable went first
        glyphs.append(_Glyph(character, placed[0], placed[1] * size_mm))
    return glyphs


def _natural_width(glyphs: Sequence[_Glyph], spacing: float) -> float:
    return sum(glyph.advance for glyph in glyphs) + spacing * max(0, len(glyphs) - 1)


def _break(glyphs: Sequence[_Glyph], width: float, spacing: float) -> Iterator[list[_Glyph]]:
    start, total = 0, len(glyphs)
    while start < total or (start == 0 and total == 0):
        end, used = start, 0.0
        while end < total and used + glyphs[end].advance <= width + 0.01:
            used += glyphs[end].advance + spacing
            end += 1
        if end < total:
            end = _last_break(glyphs, start, end)
        yield list(glyphs[start:end])
        if total == 0:
            return
        start = end
        while start < total and glyphs[start].character == " ":
            start += 1


def _last_break(glyphs: Sequence[_Glyph], start: int, end: int) -> int:
    """The latest allowed break in (start, end]; `end` itself when there is none, so that progress is certain."""
    for position in range(end, start, -1):
        before, after = glyphs[position - 1].character, glyphs[position].character
        if _may_break(before, after):
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


def _place(
    lines: Sequence[Sequence[_Glyph]], box: Box, size: float, style: Style, field: str | None
) -> tuple[Text, ...]:
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


def _start_and_gap(glyphs: Sequence[_Glyph], box: Box, style: Style) -> tuple[float, float]:
    free = box.width - _natural_width(glyphs, style.spacing)
    match style.align:
        case "centre":
            return box.x + free / 2, style.spacing
        case "right":
            return box.x + free, style.spacing
        case "spread" if len(glyphs) > 1:
            return box.x, style.spacing + free / (len(glyphs) - 1)
        case _:
            return box.x, style.spacing


def _runs(glyphs: Sequence[_Glyph], x: float, gap: float, baseline: float) -> Iterator[tuple[str, Line]]:
    """The line cut where the typeface changes."""
    start = 0
    for index in range(1, len(glyphs) + 1):
        if index < len(glyphs) and glyphs[index].typeface is glyphs[start].typeface:
            continue
        run = glyphs[start:index]
        if not run:
            return
        advances = tuple(glyph.advance + gap for glyph in run)
        yield run[0].typeface.key, Line("".join(g.character for g in run), x, baseline, advances)
        x += sum(advances)
        start = index
