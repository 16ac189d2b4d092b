"""Text (GB/T 33190-2016 ch. 11): which glyph stands where."""

from collections.abc import Iterator
from dataclasses import dataclass

from seal.documents.ofd import markup
from seal.documents.ofd.markup import Node
from seal.documents.ofd.rendering.fonts import Typeface
from seal.documents.ofd.rendering.geometry import Matrix, multiply, read_number, read_numbers, rotation, translation
from seal.documents.ofd.rendering.resources import FontResource

MOST_CHARACTERS = 200_000
_SLANT: Matrix = (1.0, 0.0, -0.25, 1.0, 0.0, 0.0)
_HEADINGS = {0: (1.0, 0.0), 90: (0.0, 1.0), 180: (-1.0, 0.0), 270: (0.0, -1.0)}


@dataclass(frozen=True, slots=True)
class PlacedGlyph:
    """A glyph and the transform from font units to the object's millimetres."""

    typeface: Typeface
    glyph: int
    matrix: Matrix
    is_stand_in: bool


@dataclass(frozen=True, slots=True)
class _Setting:
    font: FontResource
    size: float
    stretch: float
    heading: tuple[float, float]
    turn: float
    italic: bool


def place_glyphs(node: Node, font: FontResource, italic: bool) -> Iterator[PlacedGlyph]:
    """The glyphs of a TextObject in the order of drawing."""
    setting = _Setting(
        font,
        size=read_number(node.get("Size"), 3.5),
        stretch=read_number(node.get("HScale"), 1.0),
        heading=_HEADINGS.get(int(read_number(node.get("ReadDirection"), 0)), (1.0, 0.0)),
        turn=read_number(node.get("CharDirection"), 0),
        italic=italic,
    )
    transforms: list[Node] = []
    x = y = 0.0
    for child in node:
        name = markup.local_name(child) if isinstance(child.tag, str) else ""
        if name == "CGTransform":
            transforms.append(child)
        elif name == "TextCode":
            x, y = read_number(child.get("X"), x), read_number(child.get("Y"), y)
            yield from _place_code(child, (x, y), transforms, setting)
            transforms = []


def expand_deltas(text: str | None, most: int = MOST_CHARACTERS) -> list[float]:
    """Advances, `g N v` standing for N times v."""
    tokens = iter((text or "").replace(",", " ").split())
    values: list[float] = []
    for token in tokens:
        if len(values) >= most:
            break
        if token in ("g", "G"):
            count = int(read_number(next(tokens, None), 0))
            values += [read_number(next(tokens, None), 0.0)] * min(max(count, 0), most)
        else:
            values.append(read_number(token, 0.0))
    return values


def _place_code(
    node: Node, start: tuple[float, float], transforms: list[Node], setting: _Setting
) -> Iterator[PlacedGlyph]:
    text = (node.text or "").strip("\r\n\t")[:MOST_CHARACTERS]
    given = _given_glyphs(transforms, len(text))
    across, down = expand_deltas(node.get("DeltaX")), expand_deltas(node.get("DeltaY"))
    stated = bool(across or down)
    x, y = start
    slot = 0  # advances are counted by glyphs: two characters that share one have one advance
    for position in range(max(len(text), max(given, default=-1) + 1)):
        character = text[position] if position < len(text) else ""
        for order, glyph in enumerate(given.get(position, (None,))):
            step = (_at(across, slot), _at(down, slot))
            if glyph is None or _is_known(glyph, setting.font):
                shown = [(character, glyph)]
            else:  # in a font that stands in, its own glyphs show the characters that share this one
                cluster = text[position : position + _shared(given, position)] if order == 0 else ""
                shown = [(each, None) for each in cluster]
            room = abs(step[0]) / len(shown) if shown and step[0] and setting.turn == 0 else None
            for index, (each, number) in enumerate(shown):
                found = _choose(each, number, setting.font)
                if found is not None:
                    yield _placed(found, (x + step[0] * index / len(shown), y), setting, room)
            if stated and (slot < len(across) or slot < len(down)):
                x, y = x + step[0], y + step[1]
            else:
                advance = sum(_natural(each, number, setting) for each, number in shown)
                x, y = x + setting.heading[0] * advance, y + setting.heading[1] * advance
            slot += 1


def _is_known(glyph: int, font: FontResource) -> bool:
    return font.embedded is not None and 0 <= glyph < font.embedded.glyph_count


def _shared(given: dict[int, tuple[int | None, ...]], position: int) -> int:
    """How many characters, from `position` on, one glyph stands for."""
    count = 1
    while given.get(position + count) == ():
        count += 1
    return count


def _at(values: list[float], position: int) -> float:
    return values[position] if position < len(values) else 0.0


def _given_glyphs(transforms: list[Node], length: int) -> dict[int, tuple[int | None, ...]]:
    """Glyph numbers by the position of their character; the characters that share them get an empty tuple."""
    given: dict[int, tuple[int | None, ...]] = {}
    for node in transforms:
        position = int(read_number(node.get("CodePosition"), 0))
        codes = int(read_number(node.get("CodeCount"), 1))
        glyphs = [int(glyph) for glyph in read_numbers(markup.text(node, "Glyphs"))][:MOST_CHARACTERS]
        if not 0 <= position < MOST_CHARACTERS or not glyphs:
            continue
        codes = max(1, min(codes, max(length - position, len(glyphs))))
        if codes == len(glyphs):
            given |= {position + index: (glyph,) for index, glyph in enumerate(glyphs)}
        else:
            given |= {position + index: () for index in range(1, codes)}
            given[position] = tuple(glyphs)
    return given


def _choose(character: str, glyph: int | None, font: FontResource) -> tuple[Typeface, int] | None:
    if glyph is not None and font.embedded and _is_known(glyph, font):
        return font.embedded, glyph
    return font.find(character) if character and not character.isspace() else None


def _natural(character: str, glyph: int | None, setting: _Setting) -> float:
    found = _choose(character, glyph, setting.font) or (setting.font.find(character) if character else None)
    advance = found[0].advance(found[1]) if found else 0.5
    return advance * setting.size * (setting.stretch if setting.heading[0] else 1.0)


def _placed(
    found: tuple[Typeface, int], pen: tuple[float, float], setting: _Setting, room: float | None
) -> PlacedGlyph:
    typeface, glyph = found
    is_stand_in = typeface is not setting.font.embedded
    scale = setting.size / typeface.units
    stretch = setting.stretch
    if is_stand_in and room:  # the font that was meant may be narrower: keep letters from running into each other
        natural = typeface.advance(glyph) * setting.size * stretch
        stretch *= min(1.0, max(room / natural, 0.5)) if natural > 0 else 1.0
    matrix: Matrix = (scale * stretch, 0.0, 0.0, -scale, 0.0, 0.0)
    if setting.italic or (is_stand_in and setting.font.italic):
        matrix = multiply(matrix, _SLANT)
    if setting.turn:
        matrix = multiply(matrix, rotation(setting.turn))
    return PlacedGlyph(typeface, glyph, multiply(matrix, translation(*pen)), is_stand_in)
