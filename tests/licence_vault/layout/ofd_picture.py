"""An OFD drawn to pixels by a reader of our own hand (GB/T 33190 ch. 8–11), FreeType doing the letters.

It shares nothing with the writer: numbers, fonts and pictures are taken from the package alone.
"""

import io
from collections.abc import Iterator
from functools import cache

from lxml import etree
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageStat

from tests.licence_vault.layout.reading import Package, expand, find, text_of

FINER = 4
CURVE_STEPS = 8
Point = tuple[float, float]


def ofd_pictures(data: bytes, dpi: int) -> list[Image.Image]:
    """Every page as pixels."""
    return _Reader(Package(data), dpi).pictures()


def blurred_difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are apart, 0 to 1, hair lines and the edges of letters left out."""
    other = other.resize(one.size)
    soft = [each.convert("RGB").filter(ImageFilter.GaussianBlur(2)) for each in (one, other)]
    return max(ImageStat.Stat(ImageChops.difference(*soft)).mean) / 255


class _Reader:
    def __init__(self, package: Package, dpi: int) -> None:
        self.package = package
        self.scale = dpi / 25.4 * FINER
        self.fonts = dict(self._resources("PublicRes", ".//ofd:Font", "ofd:FontFile"))
        self.images = dict(self._resources("DocumentRes", ".//ofd:MultiMedia", "ofd:MediaFile"))
        self.face = cache(self._face)

    def _resources(self, kind: str, path: str, file: str) -> Iterator[tuple[str, bytes]]:
        for entry in find(self.package.document, f".//ofd:{kind}"):
            name = self.package.follow(self.package.root_name, entry.text or "")
            part = self.package.xml(name)
            for each in find(part, path):
                base = self.package.follow(name, (part.get("BaseLoc") or ".") + "/x")
                yield each.get("ID") or "", self.package.parts[self.package.follow(base, text_of(each, file))]

    def _face(self, font: str, pixels: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(io.BytesIO(self.fonts[font]), pixels)

    def pictures(self) -> list[Image.Image]:
        return [self._picture(page, templates) for _id, page, templates in self.package.pages()]

    def _picture(self, page: etree._Element, templates: list[etree._Element]) -> Image.Image:
        width, height = (float(each) for each in text_of(page, ".//ofd:PhysicalBox").split()[2:])
        size = (round(width * self.scale), round(height * self.scale))
        picture = Image.new("RGB", size, "white")
        draw = ImageDraw.Draw(picture)
        for part in (*templates, page):
            for each in part.iter():
                match etree.QName(each).localname if isinstance(each.tag, str) else "":
                    case "PathObject":
                        self._path(draw, each)
                    case "TextObject":
                        self._text(draw, each)
                    case "ImageObject":
                        self._image(picture, each)
        return picture.resize((round(size[0] / FINER), round(size[1] / FINER)), Image.Resampling.BOX)

    def _corner(self, element: etree._Element) -> list[float]:
        return [float(each) for each in (element.get("Boundary") or "").split()]

    def _path(self, draw: ImageDraw.ImageDraw, element: etree._Element) -> None:
        left, top = self._corner(element)[:2]
        lines = list(_lines(text_of(element, "ofd:AbbreviatedData").split()))
        shown = [[((x + left) * self.scale, (y + top) * self.scale) for x, y in line] for line in lines]
        width = max(1, round(float(element.get("LineWidth") or 0.353) * self.scale))
        for points in shown:
            if element.get("Fill") == "true":
                draw.polygon(points, fill=_colour(element, "ofd:FillColor"))
            if element.get("Stroke") != "false":
                draw.line(points, fill=_colour(element, "ofd:StrokeColor"), width=width)

    def _text(self, draw: ImageDraw.ImageDraw, element: etree._Element) -> None:
        left, top = self._corner(element)[:2]
        face = self.face(element.get("Font") or "", round(float(element.get("Size") or 0) * self.scale))
        for code in find(element, "ofd:TextCode"):
            x, y = left + float(code.get("X") or 0), top + float(code.get("Y") or 0)
            text = code.text or ""
            for character, advance in zip(text, [*expand(code.get("DeltaX") or ""), 0.0], strict=True):
                place = (x * self.scale, y * self.scale)
                draw.text(place, character, font=face, fill=_colour(element, "ofd:FillColor"), anchor="ls")
                x += advance

    def _image(self, picture: Image.Image, element: etree._Element) -> None:
        left, top, width, height = self._corner(element)
        with Image.open(io.BytesIO(self.images[element.get("ResourceID") or ""])) as image:
            size = (round(width * self.scale), round(height * self.scale))
            picture.paste(image.convert("RGB").resize(size), (round(left * self.scale), round(top * self.scale)))


def _lines(words: list[str]) -> Iterator[list[Point]]:
    """The sub-paths of abbreviated data, curves as short lines."""
    points: list[Point] = []
    position = 0
    while position < len(words):
        letter, position = words[position], position + 1
        count = {"M": 2, "S": 2, "L": 2, "B": 6, "C": 0}[letter]
        numbers = [float(word) for word in words[position : position + count]]
        position += count
        match letter:
            case "M" | "S":
                if points:
                    yield points
                points = [(numbers[0], numbers[1])]
            case "L":
                points.append((numbers[0], numbers[1]))
            case "B":
                points.extend(_curve(points[-1], numbers))
            case "C":
                points.append(points[0])
    if points:
        yield points


def _curve(start: Point, numbers: list[float]) -> Iterator[Point]:
    x1, y1, x2, y2, x, y = numbers
    for step in range(1, CURVE_STEPS + 1):
        t = step / CURVE_STEPS
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        yield a * start[0] + b * x1 + c * x2 + d * x, a * start[1] + b * y1 + c * y2 + d * y


def _colour(element: etree._Element, path: str) -> tuple[int, ...]:
    found = find(element, path)
    return tuple(int(part) for part in (found[0].get("Value") or "0 0 0").split()) if found else (0, 0, 0)
