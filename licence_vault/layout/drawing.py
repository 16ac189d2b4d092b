"""What is drawn on a page, in millimetres from its top left corner, y downwards: the shapes both writers share."""

from dataclasses import dataclass
from typing import Literal

Colour = tuple[int, int, int]
"""Red, green, blue, 0–255 each (sRGB)."""

Segment = (
    tuple[Literal["M"], float, float]
    | tuple[Literal["L"], float, float]
    | tuple[Literal["B"], float, float, float, float, float, float]
    | tuple[Literal["C"]]
)
"""Move, line, cubic Bézier, close; the letters of OFD's abbreviated data (GB/T 33190 §9.1)."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; `x`, `y` is its top left corner."""

    x: float
    y: float
    width: float
    height: float

    def inset(self, margin: float) -> "Box":
        """The rectangle `margin` further in on every side."""
        return Box(self.x + margin, self.y + margin, self.width - 2 * margin, self.height - 2 * margin)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text: where its baseline begins and how far each character advances."""

    text: str
    x: float
    baseline: float
    advances: tuple[float, ...]

    @property
    def width(self) -> float:
        """From the start of the first character to the end of the last one."""
        return sum(self.advances)


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of one typeface, size and colour. `field` names the licence field that they show, if any."""

    lines: tuple[Line, ...]
    typeface: str
    size: float
    colour: Colour
    field: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A path that is stroked, filled or both. Compared by identity: an ornament has thousands of segments."""

    segments: tuple[Segment, ...]
    stroke: Colour | None = None
    stroke_width: float = 0.2
    fill: Colour | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A JPEG or PNG stretched over `box`."""

    box: Box
    data: bytes
    field: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Modules:
    """A square of dark and clear modules over `box`, row by row, a byte each: 0 = dark, 255 = clear."""

    box: Box
    side: int
    pixels: bytes
    colour: Colour


Item = Text | Path | Image | Modules


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """`fixed` is the same for every licence of a type (the template page); `variable` is this licence's own."""

    width: float
    height: float
    fixed: tuple[Item, ...]
    variable: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole document, ready for a writer."""

    pages: tuple[DrawnPage, ...]

    def texts(self) -> list[Text]:
        """Every text of every page."""
        return [item for page in self.pages for item in (*page.fixed, *page.variable) if isinstance(item, Text)]


def rectangle(box: Box) -> tuple[Segment, ...]:
    """The outline of `box`."""
    right, bottom = box.x + box.width, box.y + box.height
    return (("M", box.x, box.y), ("L", right, box.y), ("L", right, bottom), ("L", box.x, bottom), ("C",))


def number(value: float) -> str:
    """A length to a thousandth of a millimetre, as short as it can be written."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
