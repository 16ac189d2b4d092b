"""Drawn items as the operators of a page's content (ISO 32000-1 §8, §9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from licence_vault.layout.drawing import Colour, Image, Item, Modules, Path, Segment, Text, number
from licence_vault.layout.face import POINT
from licence_vault.layout.fonts import Subset

OPERATORS = {"M": "m", "L": "l", "B": "c", "C": "h"}
Picture = Image | Modules


@dataclass(frozen=True)
class PageFonts:
    """The embedded subset of each typeface; on the page it is called `prefix` and the typeface's key."""

    prefix: str
    subsets: Mapping[str, Subset]


def page_content(items: Iterable[Item], height: float, fonts: PageFonts, pictures: Mapping[Picture, str]) -> bytes:
    """The operators for `items` on a page `height` millimetres high; `pictures` names the images."""
    # From here on millimetres, y downwards, exactly as the drawing has them.
    parts = [f"q {1 / POINT:.6f} 0 0 -{1 / POINT:.6f} 0 {number(height / POINT)} cm"]
    parts.extend(_item(item, fonts, pictures) for item in items)
    parts.append("Q")
    return "\n".join(parts).encode("ascii")


def _item(item: Item, fonts: PageFonts, pictures: Mapping[Picture, str]) -> str:
    match item:
        case Text():
            return _text(item, fonts)
        case Path():
            return _path(item)
        case Image(box=box):
            place = f"{number(box.width)} 0 0 {number(-box.height)} {number(box.x)} {number(box.y + box.height)}"
            return f"q {place} cm /{pictures[item]} Do Q"
        case Modules(box=box, colour=colour):
            place = f"{number(box.width)} 0 0 {number(-box.height)} {number(box.x)} {number(box.y + box.height)}"
            return f"q {_colour(colour)} rg {place} cm /{pictures[item]} Do Q"


def _text(text: Text, fonts: PageFonts) -> str:
    subset = fonts.subsets[text.typeface]
    parts = [f"{_colour(text.colour)} rg BT /{fonts.prefix}{text.typeface} {number(text.size)} Tf"]
    for line in text.lines:
        shown = _shown(line.text, line.advances, text.size, subset)
        parts += [f"1 0 0 -1 {number(line.x)} {number(line.baseline)} Tm", f"[{shown}] TJ"]
    parts.append("ET")
    return " ".join(parts)


def _shown(characters: str, advances: tuple[float, ...], size: float, subset: Subset) -> str:
    """Glyph codes, with the extra space between characters in thousandths of the size."""
    parts: list[str] = []
    run: list[str] = []
    for character, advance in zip(characters, advances, strict=True):
        glyph = subset.glyphs[character]
        run.append(f"{glyph:04X}")
        extra = advance * 1000 / size - subset.advances[glyph]
        if abs(extra) > 0.5:
            parts.append(f"<{''.join(run)}>{number(-extra)}")
            run = []
    if run:
        parts.append(f"<{''.join(run)}>")
    return "".join(parts)


def _path(path: Path) -> str:
    parts = []
    if path.stroke:
        parts.append(f"{_colour(path.stroke)} RG {number(path.stroke_width)} w")
    if path.fill:
        parts.append(f"{_colour(path.fill)} rg")
    parts.extend(_segment(segment) for segment in path.segments)
    parts.append("B" if path.stroke and path.fill else "S" if path.stroke else "f" if path.fill else "n")
    return " ".join(parts)


def _segment(segment: Segment) -> str:
    numbers = " ".join(number(value) for value in segment[1:] if isinstance(value, float | int))
    return f"{numbers} {OPERATORS[segment[0]]}".strip()


def _colour(colour: Colour) -> str:
    return " ".join(number(part / 255) for part in colour)
