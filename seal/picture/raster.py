"""A drawing as a PNG of true scale: one red, its strength in the transparency."""

from io import BytesIO

from PIL import Image, ImageDraw

from seal.picture.drawing import RED, Drawing, Point, Shape

DOTS_PER_INCH = 300

_SUPERSAMPLING = 4
_STRENGTHS = 8


def to_png(drawing: Drawing, *, pixels: int | None = None) -> bytes:
    """The picture, transparent but for the red, `pixels` wide; 300 dots an inch when left out.

    The file says how large it is to be printed (pHYs).
    """
    wide = pixels or round(drawing.width_mm / 25.4 * DOTS_PER_INCH)
    scale = wide / drawing.width_mm
    high = round(drawing.height_mm * scale)
    fine = scale * _SUPERSAMPLING
    mask = Image.new("L", (wide * _SUPERSAMPLING, high * _SUPERSAMPLING), 0)
    pen = ImageDraw.Draw(mask)
    middle = mask.width / 2, mask.height / 2
    for shape in drawing.shapes:
        _fill(pen, shape, fine, middle)
    return _encode(mask.resize((wide, high), Image.Resampling.LANCZOS), dots_per_inch=scale * 25.4)


def _fill(pen: ImageDraw.ImageDraw, shape: Shape, scale: float, middle: Point) -> None:
    """Paint the contours from the largest to the smallest: ink, or nothing where one runs the other way round."""
    outlines = [
        [(x * scale + middle[0], y * scale + middle[1]) for x, y in contour.flattened()] for contour in shape.contours
    ]
    outlines.sort(key=lambda points: -abs(_area(points)))
    if not outlines:
        return
    direction = _area(outlines[0]) > 0
    for points in outlines:
        pen.polygon(points, fill=255 if (_area(points) > 0) == direction else 0)


def _area(points: list[Point]) -> float:
    following = [*points[1:], points[0]]
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(points, following, strict=True)) / 2


def _encode(alpha: Image.Image, *, dots_per_inch: float) -> bytes:
    """One colour in a few strengths: a tenth of the size of full colour with transparency."""
    most = _STRENGTHS - 1
    strengths = alpha.point([round(level * most / 255) for level in range(256)])
    image = Image.frombytes("P", strengths.size, strengths.tobytes())
    image.putpalette(RED * _STRENGTHS)
    transparency = bytes(round(strength * 255 / most) for strength in range(_STRENGTHS))
    output = BytesIO()
    dpi = (dots_per_inch, dots_per_inch)
    image.save(output, "PNG", optimize=True, bits=4, transparency=transparency, dpi=dpi)
    return output.getvalue()
