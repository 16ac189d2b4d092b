"""A page being drawn, as PDF: its content stream and the objects that this refers to (ISO 32000-1).

Coordinates are OFD's: millimetres from the top left corner, y downwards; the first line of the stream turns them.
"""

import zlib
from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kernel.errors import InvalidInput
from seal.documents.ofd.rendering.geometry import Box, Matrix
from seal.documents.ofd.rendering.paths import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

POINTS_PER_MM = 72 / 25.4
LARGEST_CONTENT = 96 << 20
LARGEST_OBJECTS = 512 << 20


class TooComplex(InvalidInput):
    """Drawing the page would take more time or memory than any ordinary page does."""

    code = "page-too-complex"

    def __init__(self) -> None:
        super().__init__("The page is too complex to be shown here.")


def num(value: float) -> str:
    """A number as PDF takes it."""
    if value == (whole := int(value)):
        return str(whole)
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def numbers(values: Iterable[float]) -> str:
    """Numbers separated by spaces."""
    return " ".join(map(num, values))


class Canvas:
    """Collects drawing operators; `to_pdf` makes the file."""

    def __init__(self, width_mm: float, height_mm: float) -> None:
        """An empty page of the size given."""
        self.width_mm, self.height_mm = width_mm, height_mm
        scale = POINTS_PER_MM
        self._parts = [f"{num(scale)} 0 0 {num(-scale)} 0 {num(height_mm * scale)} cm\n"]
        self._size = 0
        self._objects: list[bytes] = []
        self._objects_size = 0
        self._states: dict[str, str] = {}
        self._resources: dict[str, dict[str, int]] = {"XObject": {}, "ExtGState": {}, "Shading": {}}

    def put(self, operators: str) -> None:
        """Append operators; raises `TooComplex`."""
        self._size += len(operators)
        if self._size > LARGEST_CONTENT:
            raise TooComplex
        self._parts.append(operators)

    @contextmanager
    def saved(self, matrix: Matrix | None = None) -> "Iterator[None]":
        """What is drawn inside is transformed by `matrix`, and changes of state end with it."""
        self.put("q\n" if matrix is None else f"q {numbers(matrix)} cm\n")
        yield
        self.put("Q\n")

    def path(self, segments: Iterable[Segment]) -> None:
        """A path without painting it."""
        self.put("".join(f"{numbers(values)} {operator}\n" for operator, values in segments))

    def clip_box(self, box: Box) -> None:
        """Nothing outside `box` shows from here on."""
        self.put(f"{numbers((box.x, box.y, box.width, box.height))} re W n\n")

    def transparency(self, *, fill: float = 1.0, stroke: float = 1.0, blend: str = "Normal") -> None:
        """How much of what follows covers (0 to 1) what is there."""
        state = f"<</ca {num(fill)}/CA {num(stroke)}/BM/{blend}>>"
        if state not in self._states:
            self._states[state] = self._name("ExtGState", "G", self.add_object(state.encode()))
        self.put(f"/{self._states[state]} gs\n")

    def add_object(self, body: bytes) -> int:
        """A PDF object; its number."""
        self._objects_size += len(body)
        if self._objects_size > LARGEST_OBJECTS:
            raise TooComplex
        self._objects.append(body)
        return len(self._objects) + 3  # 1–3: catalogue, pages, page

    def add_stream(self, dictionary: str, data: bytes) -> int:
        """A stream object; its number."""
        return self.add_object(f"<<{dictionary}/Length {len(data)}>>stream\n".encode() + data + b"\nendstream")

    def add_image(self, object_number: int) -> str:
        """The name under which an image object can be drawn."""
        return self._name("XObject", "X", object_number)

    def add_shading(self, object_number: int) -> str:
        """The name under which a shading can be painted."""
        return self._name("Shading", "S", object_number)

    def _name(self, kind: str, letter: str, object_number: int) -> str:
        name = f"{letter}{object_number}"
        self._resources[kind][name] = object_number
        return name

    def to_pdf(self) -> bytes:
        """The file of one page."""
        content = zlib.compress("".join(self._parts).encode("ascii"), 1)
        size = numbers((0, 0, self.width_mm * POINTS_PER_MM, self.height_mm * POINTS_PER_MM))
        named = "".join(
            f"/{kind}<<{''.join(f'/{name} {number} 0 R' for name, number in entries.items())}>>"
            for kind, entries in self._resources.items()
        )
        content_number = self.add_stream("/Filter/FlateDecode", content)
        page = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[{size}]/Resources<<{named}>>/Contents {content_number} 0 R"
            "/Group<</S/Transparency/CS/DeviceRGB>>>>"
        )
        bodies = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page.encode()]
        return _assemble([*bodies, *self._objects])


def _assemble(bodies: list[bytes]) -> bytes:
    pdf = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(pdf))
        pdf += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(pdf)
    pdf += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    pdf += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    pdf += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)
    return bytes(pdf)
