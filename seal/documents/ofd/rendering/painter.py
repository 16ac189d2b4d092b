"""The objects of a page (GB/T 33190-2016 §7.7, ch. 8–13) put on a canvas, in the order of the file."""

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from seal.documents.ofd import markup
from seal.documents.ofd.markup import Node
from seal.documents.ofd.rendering.canvas import Canvas, TooComplex, num, numbers
from seal.documents.ofd.rendering.colours import Colour, add_shading
from seal.documents.ofd.rendering.geometry import (
    Box,
    Matrix,
    multiply,
    read_box,
    read_matrix,
    read_number,
    translation,
)
from seal.documents.ofd.rendering.images import add_picture
from seal.documents.ofd.rendering.paths import Segment, read_path
from seal.documents.ofd.rendering.resources import Resources
from seal.documents.ofd.rendering.style import Style
from seal.documents.ofd.rendering.text import place_glyphs

DEEPEST = 24
MOST_CELLS = 2500
BOLD_FROM = 600
_BLOCKS = frozenset({"PageBlock", "Layer", "Content", "Appearance", "CellContent"})


class Budget:
    """How many objects may still be drawn, and until when."""

    def __init__(self, objects: int, seconds: float) -> None:
        """From now on."""
        self._objects = objects
        self._until = time.monotonic() + seconds

    def spend(self) -> None:
        """One more object; raises `TooComplex`."""
        self._objects -= 1
        if self._objects < 0 or (self._objects % 64 == 0 and time.monotonic() > self._until):
            raise TooComplex


@dataclass(frozen=True)
class Surroundings:
    """What objects inherit: resources, the layer's drawing parameter, and how much what holds them covers."""

    resources: Resources
    parameter: str | None = None
    alpha: float = 1.0
    depth: int = 0


class Painter:
    """Draws on one canvas."""

    def __init__(self, canvas: Canvas, budget: Budget) -> None:
        """Pictures are kept by their bytes: a page may show one many times."""
        self.canvas = canvas
        self._budget = budget
        self._pictures: dict[tuple[bytes, bytes | None], str | None] = {}

    def paint(self, nodes: Iterable[Node], around: Surroundings) -> None:
        """Draw the objects among `nodes` and in their blocks."""
        if around.depth > DEEPEST:
            raise TooComplex
        for node in nodes:
            if not isinstance(node.tag, str):
                continue
            self._budget.spend()
            if node.get("Visible", "true").strip().lower() in ("false", "0"):
                continue
            match markup.local_name(node):
                case "TextObject":
                    self._text(node, around)
                case "PathObject":
                    self._path(node, around)
                case "ImageObject":
                    self._image(node, around)
                case "CompositeObject":
                    self._composite(node, around)
                case name if name in _BLOCKS:
                    parameter = node.get("DrawParam") or around.parameter
                    self.paint(node, replace(around, parameter=parameter, depth=around.depth + 1))

    def picture(self, data: bytes, mask: bytes | None = None) -> str | None:
        """The name of a picture on the canvas."""
        if (data, mask) not in self._pictures:
            self._pictures[data, mask] = add_picture(self.canvas, data, mask=mask)
        return self._pictures[data, mask]

    def place_picture(self, name: str, matrix: Matrix) -> None:
        """Map the unit square of OFD (y downwards) onto the page."""
        self.canvas.put(f"q {numbers(multiply((1.0, 0.0, 0.0, -1.0, 0.0, 1.0), matrix))} cm /{name} Do Q\n")

    def _text(self, node: Node, around: Surroundings) -> None:
        style = Style.of(node, around.parameter, around.resources)
        font = around.resources.font(style.get("Font"))
        fill, stroke = style.flag("Fill", True), style.flag("Stroke", False)
        bold = read_number(node.get("Weight"), 400) >= BOLD_FROM or font.bold
        fill_colour = style.colour("FillColor")
        stroke_colour = style.colour("StrokeColor") if stroke else fill_colour
        if not fill and not stroke:
            return
        with self._object(node, style, around, fill_colour, stroke_colour):
            self.canvas.put(fill_colour.operator(stroke=False) + stroke_colour.operator(stroke=True))
            self.canvas.put(style.line_operators())
            size = read_number(node.get("Size"), 3.5)
            parts: list[str] = []
            for placed in place_glyphs(node, font, style.flag("Italic", False)):
                outline = placed.typeface.outline(placed.glyph)
                if not outline:
                    continue
                width = style.line_width if stroke else 0.0
                if bold and placed.is_stand_in:
                    width = max(width, size * 0.03)
                operator = "f" if fill and not width else "B" if fill else "S"
                pen = f"{num(width / (size / placed.typeface.units))} w " if width and size else ""
                parts.append(f"q {numbers(placed.matrix)} cm {pen}{outline}{operator}\nQ\n")
            self.canvas.put("".join(parts))

    def _path(self, node: Node, around: Surroundings) -> None:
        segments = read_path(markup.text(node, "AbbreviatedData") or "")
        if not segments:
            return
        style = Style.of(node, around.parameter, around.resources)
        # What fills a path is transparent unless stated (table 36); its outline is black.
        fill = style.flag("Fill", False) and style.has_colour("FillColor")
        stroke = style.flag("Stroke", True)
        fill_colour, stroke_colour = style.colour("FillColor"), style.colour("StrokeColor")
        rule = "*" if node.get("Rule") == "Even-Odd" else ""
        with self._object(node, style, around, fill_colour, stroke_colour):
            if fill and fill_colour.special is not None:
                self._fill_special(segments, rule, fill_colour, (node, around))
                fill = False
            if not fill and not stroke:
                return
            self.canvas.put(fill_colour.operator(stroke=False) + stroke_colour.operator(stroke=True))
            self.canvas.put(f"{num(style.line_width)} w\n" + style.line_operators())
            self.canvas.path(segments)
            self.canvas.put(f"{'B' + rule if fill and stroke else 'f' + rule if fill else 'S'}\n")

    def _fill_special(
        self, segments: list[Segment], rule: str, colour: Colour, place: tuple[Node, Surroundings]
    ) -> None:
        """Fill with a gradient or a pattern: it shows through the path."""
        node, around = place
        special = colour.special
        assert special is not None
        with self.canvas.saved():
            self.canvas.path(segments)
            self.canvas.put(f"W{rule} n\n")
            if markup.local_name(special) == "Pattern":
                self._tile(special, node, around)
                return
            shading = add_shading(self.canvas, special, around.resources)
            if shading is not None:
                name, matrix = shading
                self.canvas.put(f"{numbers(matrix)} cm /{name} sh\n")

    def _tile(self, pattern: Node, node: Node, around: Surroundings) -> None:
        cell = markup.child(pattern, "CellContent")
        width, height = read_number(pattern.get("Width"), 0), read_number(pattern.get("Height"), 0)
        across = abs(read_number(pattern.get("XStep"), width)) or width
        down = abs(read_number(pattern.get("YStep"), height)) or height
        box = read_box(node.get("Boundary"))
        if cell is None or box is None or min(width, height, across, down) <= 0:
            return
        columns, rows = math.ceil(box.width / across) + 1, math.ceil(box.height / down) + 1
        if columns * rows > MOST_CELLS:
            return
        method = pattern.get("ReflectMethod", "Normal")
        own = replace(around, parameter=None, depth=around.depth + 1)
        with self.canvas.saved(read_matrix(pattern.get("CTM"))):
            for index in range(columns * rows):
                row, column = divmod(index, columns)
                flip_x = "Row" not in method and method != "Normal" and column % 2
                flip_y = "Column" not in method and method != "Normal" and row % 2
                flip: Matrix = (
                    -1.0 if flip_x else 1.0, 0.0, 0.0, -1.0 if flip_y else 1.0,
                    width if flip_x else 0.0, height if flip_y else 0.0,
                )  # fmt: skip
                with self.canvas.saved(multiply(flip, translation(column * across, row * down))):
                    self.canvas.clip_box(Box(0, 0, width, height))
                    self.paint(cell, own)

    def _image(self, node: Node, around: Surroundings) -> None:
        data = around.resources.media(node.get("ResourceID"))
        if data is None:
            data = around.resources.media(node.get("Substitution"))
        if data is None:
            return
        name = self.picture(data, around.resources.media(node.get("ImageMask")))
        style = Style.of(node, around.parameter, around.resources)
        box = read_box(node.get("Boundary"))
        if name is None or box is None:
            return
        with self._object(node, style, around, Colour((0, 0, 0)), Colour((0, 0, 0))):
            self.canvas.clip_box(Box(0, 0, box.width, box.height))
            matrix = read_matrix(node.get("CTM")) if node.get("CTM") else (box.width, 0.0, 0.0, box.height, 0.0, 0.0)
            self.place_picture(name, matrix)

    def _composite(self, node: Node, around: Surroundings) -> None:
        unit = around.resources.node("CompositeGraphicUnit", node.get("ResourceID"))
        content = markup.child(unit, "Content") if unit is not None else None
        if content is None:
            return
        style = Style.of(node, around.parameter, around.resources)
        inner = replace(around, alpha=around.alpha * style.alpha, depth=around.depth + 1)
        with self._object(node, style, around, Colour((0, 0, 0)), Colour((0, 0, 0))):
            self.paint(content, inner)

    @contextmanager
    def _object(self, node: Node, style: Style, around: Surroundings, fill: Colour, stroke: Colour) -> Iterator[None]:
        """The state in which an object's own coordinates and transparency hold."""
        box = read_box(node.get("Boundary")) or Box(0, 0, 0, 0)
        corner = translation(box.x, box.y)
        with self.canvas.saved():
            self._clip(node, corner)
            self.canvas.put(f"{numbers(multiply(_own_matrix(node), corner))} cm\n")
            alpha = style.alpha * around.alpha
            fills, strokes = alpha * fill.alpha, alpha * stroke.alpha
            if fills < 1 or strokes < 1 or style.blend != "Normal":
                self.canvas.transparency(fill=fills, stroke=strokes, blend=style.blend)
            yield

    def _clip(self, node: Node, corner: Matrix) -> None:
        """Clips (§8.4): inside every Clip, each the union of its areas."""
        clips = markup.child(node, "Clips")
        if clips is None:
            return
        carried = multiply(_own_matrix(node), corner) if clips.get("TransFlag", "true") != "false" else corner
        for clip in markup.children(clips, "Clip"):
            segments: list[Segment] = []
            rule = ""
            for area in markup.children(clip, "Area"):
                for shape in area:
                    matrix = multiply(read_matrix(area.get("CTM")), carried)
                    segments += _clip_shape(shape, matrix)
                    rule = "*" if shape.get("Rule") == "Even-Odd" else rule
            if segments:
                self.canvas.path(segments)
                self.canvas.put(f"W{rule} n\n")


def _own_matrix(node: Node) -> Matrix:
    """An object's CTM. A picture's maps the unit square and is applied where it is drawn, not to its boundary."""
    return read_matrix(None if markup.local_name(node) == "ImageObject" else node.get("CTM"))


def _clip_shape(shape: Node, matrix: Matrix) -> list[Segment]:
    if not isinstance(shape.tag, str):
        return []
    box = read_box(shape.get("Boundary"))
    own = multiply(read_matrix(shape.get("CTM")), translation(box.x, box.y) if box else translation(0, 0), matrix)
    segments = read_path(markup.text(shape, "AbbreviatedData") or "")
    if not segments and box:  # text as a clip is rare: its box stands for it
        segments = [
            ("m", (0, 0)), ("l", (box.width, 0)), ("l", (box.width, box.height)), ("l", (0, box.height)), ("h", ()),
        ]  # fmt: skip
    a, b, c, d, e, f = own
    moved: list[Segment] = []
    for operator, values in segments:
        pairs = zip(values[::2], values[1::2], strict=True)
        points = [(a * x + c * y + e, b * x + d * y + f) for x, y in pairs]
        moved.append((operator, tuple(part for point in points for part in point)))
    return moved
