"""Guilloches: the fine interlaced lines of a licence, as Bézier paths that both formats draw exactly alike."""

import math
from collections.abc import Callable, Iterator

from licence_vault.layout.drawing import Box, Path, Segment
from licence_vault.layout.face import OrnamentElement

# A half period of a cosine drawn as one cubic: control points at this part of the half period (error under 1 %).
COSINE_HANDLE = 0.3642
BORDER_WAVES = 5
ROSETTE_TURNS = 3


def border(box: Box, band: float) -> Iterator[tuple[Segment, ...]]:
    """Waves braided around the inside of `box`, `band` wide, closed at the corners by rosettes."""
    amplitude = band * 0.42
    corner = band * 1.0
    middle = box.inset(band / 2)
    for wave in range(BORDER_WAVES):
        phase = wave / BORDER_WAVES
        for start, end in _sides(middle, corner):
            yield _wave(start, end, band * 1.6, amplitude, phase)
    for x in (middle.x, middle.x + middle.width):
        for y in (middle.y, middle.y + middle.height):
            yield from _rose(x, y, corner * 0.72, 10)


def rosette(box: Box, _scale: float) -> Iterator[tuple[Segment, ...]]:
    """Nested roses that fill `box`, for the middle of a face."""
    radius = min(box.width, box.height) / 2
    x, y = box.x + box.width / 2, box.y + box.height / 2
    for part, petals in ((1.0, 24), (0.78, 18), (0.56, 14), (0.36, 10), (0.2, 8)):
        yield from _rose(x, y, radius * part, petals)


def net(box: Box, spacing: float) -> Iterator[tuple[Segment, ...]]:
    """Waves side by side over the whole of `box`, each a little out of step with the one before."""
    rows = int(box.height / spacing)
    for row in range(rows + 1):
        y = box.y + row * spacing
        amplitude = spacing * (0.9 + 0.5 * math.sin(row * 0.55))
        yield _clipped_wave(box, y, spacing * 9, amplitude, (row * 0.07) % 1)


PATTERNS: dict[str, Callable[[Box, float], Iterator[tuple[Segment, ...]]]] = {
    "border": border,
    "rosette": rosette,
    "net": net,
}


def draw_ornament(element: OrnamentElement) -> Path:
    """The ornament as one stroked path."""
    strokes = PATTERNS[element.pattern](element.box, element.scale)
    segments = tuple(_rounded(segment) for stroke in strokes for segment in stroke)
    return Path(segments, stroke=element.stroke, stroke_width=element.width)


def _sides(box: Box, corner: float) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    right, bottom = box.x + box.width, box.y + box.height
    yield (box.x + corner, box.y), (right - corner, box.y)
    yield (right, box.y + corner), (right, bottom - corner)
    yield (right - corner, bottom), (box.x + corner, bottom)
    yield (box.x, bottom - corner), (box.x, box.y + corner)


def _wave(
    start: tuple[float, float], end: tuple[float, float], period: float, amplitude: float, phase: float
) -> tuple[Segment, ...]:
    """A cosine from `start` to `end`, a whole number of periods long, its height fading to nothing at both ends."""
    (x1, y1), (x2, y2) = start, end
    length = math.hypot(x2 - x1, y2 - y1)
    halves = 2 * max(2, round(length / period))
    along = ((x2 - x1) / length, (y2 - y1) / length)

    def at(distance: float, height: float) -> tuple[float, float]:
        return x1 + along[0] * distance - along[1] * height, y1 + along[1] * distance + along[0] * height

    step = length / halves
    offset = (phase * 2 - 1) * step
    points = [index * step + offset for index in range(-1, halves + 3)]
    segments: list[Segment] = []
    for index in range(len(points) - 1):
        left, right = max(0.0, points[index]), min(length, points[index + 1])
        if right - left < step * 0.02:
            continue
        first = amplitude * _cosine(left - offset, step)
        second = amplitude * _cosine(right - offset, step)
        handle = (right - left) * COSINE_HANDLE
        if not segments:
            segments.append(("M", *at(left, first)))
        slope1 = amplitude * _slope(left - offset, step) * handle
        slope2 = amplitude * _slope(right - offset, step) * handle
        segments.append(
            ("B", *at(left + handle, first + slope1), *at(right - handle, second - slope2), *at(right, second))
        )
    return tuple(segments)


def _cosine(distance: float, half_period: float) -> float:
    return math.cos(math.pi * distance / half_period)


def _slope(distance: float, half_period: float) -> float:
    return -math.pi / half_period * math.sin(math.pi * distance / half_period)


def _clipped_wave(box: Box, y: float, period: float, amplitude: float, phase: float) -> tuple[Segment, ...]:
    wave = _wave((box.x, y), (box.x + box.width, y), period, amplitude, phase)
    top, bottom = box.y, box.y + box.height
    return tuple(_kept_within(segment, top, bottom) for segment in wave)


def _kept_within(segment: Segment, top: float, bottom: float) -> Segment:
    if segment[0] == "B":
        _, x1, y1, x2, y2, x, y = segment
        return "B", x1, min(max(y1, top), bottom), x2, min(max(y2, top), bottom), x, min(max(y, top), bottom)
    if segment[0] == "M":
        return "M", segment[1], min(max(segment[2], top), bottom)
    return segment


def _rose(x: float, y: float, radius: float, petals: int) -> Iterator[tuple[Segment, ...]]:
    """Three closed curves r = R(1 ± d·cos(nθ)), turned against each other so that they interlace."""
    for turn in range(ROSETTE_TURNS):
        shift = 2 * math.pi / petals * turn / ROSETTE_TURNS
        yield _closed_curve(x, y, radius, petals, shift)


def _closed_curve(x: float, y: float, radius: float, petals: int, shift: float) -> tuple[Segment, ...]:
    depth, pieces = 0.18, petals * 4
    step = 2 * math.pi / pieces

    def point(angle: float) -> tuple[float, float, float, float]:
        """The place and the derivative of the curve at `angle`."""
        wave = petals * (angle - shift)
        r = radius * (1 - depth + depth * math.cos(wave))
        dr = -radius * depth * petals * math.sin(wave)
        cos, sin = math.cos(angle), math.sin(angle)
        return x + r * cos, y + r * sin, dr * cos - r * sin, dr * sin + r * cos

    px, py, dx, dy = point(0)
    segments: list[Segment] = [("M", px, py)]
    for index in range(1, pieces + 1):
        qx, qy, ex, ey = point(index * step)
        third = step / 3
        segments.append(("B", px + dx * third, py + dy * third, qx - ex * third, qy - ey * third, qx, qy))
        px, py, dx, dy = qx, qy, ex, ey
    segments.append(("C",))
    return tuple(segments)


def _rounded(segment: Segment) -> Segment:
    """Hundredths of a millimetre are finer than any printer and keep the files small."""
    match segment:
        case ("B", x1, y1, x2, y2, x, y):
            return "B", round(x1, 2), round(y1, 2), round(x2, 2), round(y2, 2), round(x, 2), round(y, 2)
        case ("M", x, y):
            return "M", round(x, 2), round(y, 2)
        case ("L", x, y):
            return "L", round(x, 2), round(y, 2)
        case _:
            return segment
