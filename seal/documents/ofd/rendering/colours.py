"""Colours (GB/T 33190-2016 §8.3): plain ones as RGB, gradients as PDF shadings; patterns are left to the painter."""

import math
import struct
from dataclasses import dataclass
from itertools import pairwise

from seal.documents.ofd import markup
from seal.documents.ofd.markup import Node
from seal.documents.ofd.rendering.canvas import Canvas, num, numbers
from seal.documents.ofd.rendering.geometry import (
    IDENTITY,
    Matrix,
    multiply,
    read_number,
    read_numbers,
    rotation,
    translation,
)
from seal.documents.ofd.rendering.resources import Resources

Rgb = tuple[float, float, float]

MOST_STOPS = 256
MOST_POINTS = 20_000
# The schema of the standard misspells the last one.
_SPECIAL = (
    "Pattern",
    "AxialShd",
    "RadialShd",
    "GouraudShd",
    "LaGouraudShd",
    "LaGourandShd",
)  # the schema misspells the last


@dataclass(frozen=True)
class Colour:
    """A colour: `rgb` 0 to 1, and in `special` the element of a gradient or pattern that takes its place."""

    rgb: Rgb
    alpha: float = 1.0
    special: Node | None = None

    def operator(self, *, stroke: bool) -> str:
        """PDF's operator that selects the plain colour."""
        return f"{numbers(self.rgb)} {'RG' if stroke else 'rg'}\n"


def read_colour(node: Node, resources: Resources) -> Colour:
    """FillColor, StrokeColor or a gradient's Color."""
    alpha = min(max(read_number(node.get("Alpha"), 255.0), 0.0), 255.0) / 255
    special = next((child for name in _SPECIAL if (child := markup.child(node, name)) is not None), None)
    if special is not None:
        first = next((each for each in special.iter() if isinstance(each.tag, str) and each.get("Value")), None)
        rgb = _plain(first, resources) if first is not None else (0.0, 0.0, 0.0)
        return Colour(rgb, alpha, special)
    return Colour(_plain(node, resources), alpha)


def _plain(node: Node, resources: Resources) -> Rgb:
    space = resources.node("ColorSpace", node.get("ColorSpace"))
    value = node.get("Value") or _palette_value(node, space) or ""
    bits = int(read_number(space.get("BitsPerComponent"), 8)) if space is not None else 8
    top = float((1 << min(max(bits, 1), 16)) - 1)
    parts = [min(max(part / top, 0.0), 1.0) for part in _components(value)]
    kind = space.get("Type", "") if space is not None else ""
    if (kind == "GRAY" and parts) or len(parts) == 1:
        return (parts[0], parts[0], parts[0])
    if (kind == "CMYK" or not kind) and len(parts) == 4:
        cyan, magenta, yellow, black = parts
        return ((1 - cyan) * (1 - black), (1 - magenta) * (1 - black), (1 - yellow) * (1 - black))
    return (parts[0], parts[1], parts[2]) if len(parts) >= 3 else (0.0, 0.0, 0.0)


def _components(value: str) -> list[float]:
    """The numbers of a colour, decimal or "#" and hexadecimal."""
    if "#" not in value:
        return read_numbers(value)
    try:
        return [float(int(part.lstrip("#"), 16)) for part in value.split()]
    except ValueError:
        return []


def _palette_value(node: Node, space: Node | None) -> str | None:
    palette = markup.child(space, "Palette") if space is not None else None
    entries = list(markup.children(palette, "CV")) if palette is not None else []
    index = int(read_number(node.get("Index"), -1))
    return (entries[index].text or "") if 0 <= index < len(entries) else None


def add_shading(canvas: Canvas, shading: Node, resources: Resources) -> tuple[str, Matrix] | None:
    """The name to paint a gradient by and the transform it needs; `None` when it makes no sense."""
    kind = markup.local_name(shading)
    if kind == "AxialShd":
        return _add_axial(canvas, shading, resources)
    if kind == "RadialShd":
        return _add_radial(canvas, shading, resources)
    return _add_mesh(canvas, shading, resources, lattice=kind.startswith("LaG"))


def _extend(shading: Node) -> str:
    bits = int(read_number(shading.get("Extend"), 0))
    return f"[{'true' if bits & 1 else 'false'} {'true' if bits & 2 else 'false'}]"


def _add_axial(canvas: Canvas, shading: Node, resources: Resources) -> tuple[str, Matrix] | None:
    start, end = read_numbers(shading.get("StartPoint")), read_numbers(shading.get("EndPoint"))
    if len(start) != 2 or len(end) != 2 or start == end:
        return None
    function = _function(shading, resources, math.dist(start, end))
    body = (
        f"<</ShadingType 2/ColorSpace/DeviceRGB/Coords[{numbers((*start, *end))}]"
        f"/Extend{_extend(shading)}/Function {function}>>"
    )
    return canvas.add_shading(canvas.add_object(body.encode())), IDENTITY


def _add_radial(canvas: Canvas, shading: Node, resources: Resources) -> tuple[str, Matrix] | None:
    start, end = read_numbers(shading.get("StartPoint")), read_numbers(shading.get("EndPoint"))
    radii = [max(read_number(shading.get(name), 0.0), 0.0) for name in ("StartRadius", "EndRadius")]
    if len(start) != 2 or len(end) != 2 or not any(radii):
        return None
    eccentricity = min(max(read_number(shading.get("Eccentricity"), 0.0), 0.0), 0.999)
    turn = rotation(read_number(shading.get("Angle"), 0.0))
    squeeze: Matrix = (1.0, 0.0, 0.0, math.sqrt(1 - eccentricity**2), 0.0, 0.0)
    frame = multiply(translation(-start[0], -start[1]), squeeze, turn, translation(*start))
    function = _function(shading, resources, abs(radii[1] - radii[0]) or 1.0)
    body = (
        f"<</ShadingType 3/ColorSpace/DeviceRGB/Coords[{numbers((*start, radii[0], *end, radii[1]))}]"
        f"/Extend{_extend(shading)}/Function {function}>>"
    )
    return canvas.add_shading(canvas.add_object(body.encode())), frame


def _function(shading: Node, resources: Resources, length: float) -> str:
    """The colours along the axis as one PDF function, repeated or mirrored every MapUnit where that is asked."""
    stops = _stops(shading, resources)
    unit = read_number(shading.get("MapUnit"), 0.0)
    kind = shading.get("MapType", "Direct")
    if kind in ("Repeat", "Reflect") and 0 < unit < length:
        stops = _repeated(stops, unit / length, mirrored=kind == "Reflect")
    pieces = [f"<</FunctionType 2/Domain[0 1]/C0[{numbers(a)}]/C1[{numbers(b)}]/N 1>>" for (_, a), (_, b) in
              pairwise(stops)]  # fmt: skip
    bounds = " ".join(num(position) for position, _colour in stops[1:-1])
    encode = " ".join("0 1" for _ in pieces)
    return f"<</FunctionType 3/Domain[0 1]/Functions[{''.join(pieces)}]/Bounds[{bounds}]/Encode[{encode}]>>"


def _stops(shading: Node, resources: Resources) -> list[tuple[float, Rgb]]:
    segments = list(markup.children(shading, "Segment"))[:MOST_STOPS]
    stops: list[tuple[float, Rgb]] = []
    for index, segment in enumerate(segments):
        even = index / (len(segments) - 1) if len(segments) > 1 else 0.0
        position = min(max(read_number(segment.get("Position"), even), 0.0), 1.0)
        colour = markup.child(segment, "Color")
        stops.append((position, _plain(colour, resources) if colour is not None else (0.0, 0.0, 0.0)))
    stops.sort(key=lambda stop: stop[0])
    if not stops:
        stops = [(0.0, (0.0, 0.0, 0.0))]
    if stops[0][0] > 0:
        stops.insert(0, (0.0, stops[0][1]))
    if stops[-1][0] < 1 or len(stops) == 1:
        stops.append((1.0, stops[-1][1]))
    return stops


def _repeated(stops: list[tuple[float, Rgb]], part: float, *, mirrored: bool) -> list[tuple[float, Rgb]]:
    count = min(math.ceil(1 / part), MOST_STOPS // len(stops) + 1)
    part = max(part, 1 / count)
    repeated: list[tuple[float, Rgb]] = []
    for turn in range(count):
        backwards = mirrored and turn % 2
        row = [(1 - position, colour) for position, colour in reversed(stops)] if backwards else stops
        repeated += [(min((turn + position) * part, 1.0), colour) for position, colour in row]
    return repeated


def _add_mesh(canvas: Canvas, shading: Node, resources: Resources, *, lattice: bool) -> tuple[str, Matrix] | None:
    points = list(markup.children(shading, "Point"))[:MOST_POINTS]
    xs = [read_number(point.get("X"), 0.0) for point in points]
    ys = [read_number(point.get("Y"), 0.0) for point in points]
    columns = int(read_number(shading.get("VerticesPerRow"), 0))
    if len(points) < 3 or (lattice and (columns < 2 or len(points) < 2 * columns)):
        return None
    left, right, top, bottom = min(xs), max(xs) + 1e-6, min(ys), max(ys) + 1e-6
    data = bytearray()
    for index, (point, x, y) in enumerate(zip(points, xs, ys, strict=True)):
        colour = markup.child(point, "Color")
        rgb = _plain(colour, resources) if colour is not None else (0.0, 0.0, 0.0)
        if not lattice:
            flag = int(read_number(point.get("EdgeFlag"), 0))
            data.append(flag if index > 2 and flag in (1, 2) else 0)
        data += struct.pack(
            ">II", int((x - left) / (right - left) * 0xFFFFFFFF), int((y - top) / (bottom - top) * 0xFFFFFFFF)
        )
        data += bytes(round(part * 255) for part in rgb)
    dictionary = (
        f"/ShadingType {5 if lattice else 4}/ColorSpace/DeviceRGB/BitsPerCoordinate 32/BitsPerComponent 8"
        + (f"/VerticesPerRow {columns}" if lattice else "/BitsPerFlag 8")
        + f"/Decode[{numbers((left, right, top, bottom))} 0 1 0 1 0 1]"
    )
    return canvas.add_shading(canvas.add_stream(dictionary, bytes(data))), IDENTITY
