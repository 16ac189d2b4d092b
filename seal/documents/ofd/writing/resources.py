"""The resources of a document (GB/T 33190-2016 §7.9): fonts go into PublicRes.xml, all else into DocumentRes.xml."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from kernel.errors import InvalidInput
from seal.documents.ofd.writing.elements import element, number, numbers, root_element, text_element
from seal.documents.ofd.writing.objects import Colour, Item, LineStyle, Numbering, numbered, write_colour

_KINDS = (
    (b"\x89PNG", "PNG", "png"),
    (b"\xff\xd8\xff", "JPEG", "jpg"),
    (b"BM", "BMP", "bmp"),
    (b"II*\0", "TIFF", "tif"),
)


@dataclass(frozen=True, slots=True)
class Font:
    """A font: `name` as PostScript gives it, `data` a TrueType or OpenType file with the glyphs in use.

    Without `data` a reader substitutes by the name, so that the document does not look the same everywhere.
    """

    name: str
    family: str
    data: bytes | None
    bold: bool = False
    italic: bool = False
    serif: bool = False
    fixed_width: bool = False


@dataclass(slots=True)
class ResourceWriter:
    """Collects resources; each gets the number that objects refer to it by."""

    numbering: Numbering
    files: dict[str, bytes] = field(default_factory=dict)
    _fonts: list[str] = field(default_factory=list)
    _media: list[str] = field(default_factory=list)
    _parameters: list[str] = field(default_factory=list)
    _units: list[str] = field(default_factory=list)
    _images: dict[bytes, int] = field(default_factory=dict)

    def copy(self, numbering: Numbering) -> "ResourceWriter":
        """The same resources under the same numbers, for more to be added with `numbering`."""
        return ResourceWriter(
            numbering,
            dict(self.files),
            list(self._fonts),
            list(self._media),
            list(self._parameters),
            list(self._units),
            dict(self._images),
        )

    def add_font(self, font: Font, *, file_name: str | None = None) -> int:
        """A font. `file_name` is how its file is called in the package."""
        own = self.numbering.next()
        location = None
        if font.data is not None:
            ending = "otf" if font.data.startswith(b"OTTO") else "ttf"
            location = self._keep(file_name or f"font_{own}.{ending}", font.data)
        self._fonts.append(
            element(
                "Font",
                text_element("FontFile", location),
                ID=own,
                FontName=font.name,
                FamilyName=font.family,
                Charset="unicode",
                Italic=font.italic or None,
                Bold=font.bold or None,
                Serif=font.serif or None,
                FixedWidth=font.fixed_width or None,
            )
        )
        return own

    def add_image(self, data: bytes) -> int:
        """A PNG, JPEG, BMP or TIFF; the same bytes are kept once. Raises `InvalidInput` for anything else."""
        digest = hashlib.sha256(data).digest()
        if digest not in self._images:
            kind = next(((name, ending) for mark, name, ending in _KINDS if data.startswith(mark)), None)
            if kind is None:
                raise InvalidInput("The picture is neither a PNG nor a JPEG, BMP or TIFF.")
            own = self.numbering.next()
            location = self._keep(f"image_{len(self._images)}.{kind[1]}", data)
            self._media.append(
                element("MultiMedia", text_element("MediaFile", location), ID=own, Type="Image", Format=kind[0])
            )
            self._images[digest] = own
        return self._images[digest]

    def add_draw_param(
        self, line: LineStyle, fill: Colour | None = None, stroke: Colour | None = None, relative: int | None = None
    ) -> int:
        """Drawing parameters that objects and layers may share; `relative` names others to inherit from."""
        own = self.numbering.next()
        colours = write_colour("FillColor", fill) + write_colour("StrokeColor", stroke)
        self._parameters.append(
            element(
                "DrawParam",
                colours,
                ID=own,
                Relative=relative,
                LineWidth=None if line.width is None else number(line.width),
                Join=line.join,
                Cap=line.cap,
                DashPattern=numbers(line.dashes) if line.dashes else None,
            )
        )
        return own

    def add_composite(self, width: float, height: float, items: Sequence[Item]) -> int:
        """A drawing that may be used many times."""
        own = self.numbering.next()
        content = element("Content", "".join(numbered(items, self.numbering)))
        self._units.append(element("CompositeGraphicUnit", content, ID=own, Width=float(width), Height=float(height)))
        return own

    def write_public(self) -> bytes:
        """PublicRes.xml."""
        return root_element("Res", _group("Fonts", self._fonts), BaseLoc="Res")

    def write_document(self) -> bytes | None:
        """DocumentRes.xml; None when there is nothing for it."""
        content = (
            _group("DrawParams", self._parameters)
            + _group("MultiMedias", self._media)
            + _group("CompositeGraphicUnits", self._units)
        )
        return root_element("Res", content, BaseLoc="Res") if content else None

    def _keep(self, name: str, data: bytes) -> str:
        if name in self.files:
            raise ValueError(f"two resources are called {name}")
        self.files[name] = data
        return name


def _group(name: str, entries: list[str]) -> str:
    return element(name, "".join(entries)) if entries else ""
