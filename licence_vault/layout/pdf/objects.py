"""The objects of a PDF file: numbering and cross-reference, fonts, pictures, colour profile, metadata."""

import io
import zlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from PIL import Image as Pillow
from PIL import ImageCms

from licence_vault.layout.drawing import Modules
from licence_vault.layout.fonts import Subset, Typeface
from licence_vault.layout.parts.qr import DOTS, packed_dots

COMPRESSION = 6
ICC_DATE = slice(24, 36)


@dataclass(frozen=True)
class Opening:
    """The first objects of a file, written once for many files; the offset of a reserved number is 0."""

    data: bytes
    offsets: tuple[int, ...]


NOTHING = Opening(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", ())


class PDFFile:
    """Collects numbered objects and writes them with a classic cross-reference table (ISO 32000-1 §7.5)."""

    def __init__(self, opening: Opening = NOTHING) -> None:
        """A file that begins with `opening`."""
        self._start = opening
        self._objects: dict[int, bytes] = {}
        self._count = len(opening.offsets)

    def reserve(self) -> int:
        """A number for an object that is filled in later."""
        self._count += 1
        return self._count

    def fill(self, object_number: int, body: str) -> None:
        """Give a reserved number its object."""
        self._objects[object_number] = body.encode("latin-1")

    def add(self, body: str) -> int:
        """Add an object; returns its number."""
        number = self.reserve()
        self.fill(number, body)
        return number

    def add_stream(self, entries: str, data: bytes, *, compression: int = COMPRESSION) -> int:
        """Add a stream with `entries` in its dictionary, deflated; returns its number."""
        return self.add_encoded(f"{entries}/Filter/FlateDecode", zlib.compress(data, compression))

    def add_encoded(self, entries: str, data: bytes) -> int:
        """Add a stream of bytes that are already as `entries` say."""
        number = self.reserve()
        head = f"<<{entries}/Length {len(data)}>>\nstream\n".encode("latin-1")
        self._objects[number] = b"%b%b\nendstream" % (head, data)
        return number

    def opening(self) -> Opening:
        """What is there so far, as the beginning of other files."""
        data, offsets = self._written()
        return Opening(data, tuple(offsets))

    def finish(self, root: int, info: int, file_id: bytes) -> bytes:
        """The whole file."""
        data, offsets = self._written()
        rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        identity = file_id.hex().encode()
        return (
            b"%bxref\n0 %d\n0000000000 65535 f \n%btrailer\n"
            b"<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF\n"
        ) % (data, self._count + 1, rows, self._count + 1, root, info, identity, identity, len(data))

    def _written(self) -> tuple[bytes, list[int]]:
        offsets = [*self._start.offsets, *[0] * (self._count - len(self._start.offsets))]
        parts, place = [self._start.data], len(self._start.data)
        for number, body in self._objects.items():
            offsets[number - 1] = place
            parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, body))
            place += len(parts[-1])
        return b"".join(parts), offsets


def add_font(file: PDFFile, face: Typeface, subset: Subset) -> int:
    """A Type 0 font whose codes are the subset's glyph numbers (§9.7); returns its number."""
    name = f"{subset.tag}+{face.postscript_name}"
    font_file = file.add_encoded(f"/Length1 {len(subset.data)}/Filter/FlateDecode", subset.deflated)
    ascent, descent = face.extents
    descriptor = file.add(
        f"<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[-100 {descent} 1100 {ascent}]/ItalicAngle 0"
        f"/Ascent {ascent}/Descent {descent}/CapHeight 700/StemV 80/FontFile2 {font_file} 0 R>>"
    )
    widths = " ".join(f"{glyph}[{width}]" for glyph, width in sorted(subset.advances.items()))
    descendant = file.add(
        f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}/CIDToGIDMap/Identity/DW 1000/W[{widths}]"
        f"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor {descriptor} 0 R>>"
    )
    unicode_map = file.add_stream("", _to_unicode(subset))
    return file.add(
        f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H/DescendantFonts[{descendant} 0 R]"
        f"/ToUnicode {unicode_map} 0 R>>"
    )


def _to_unicode(subset: Subset) -> bytes:
    pairs = [
        f"<{glyph:04X}> <{character.encode('utf-16-be').hex().upper()}>"
        for character, glyph in sorted(subset.glyphs.items(), key=lambda pair: pair[1])
    ]
    blocks = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\n"
        f"endcodespacerange\n{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    ).encode("ascii")


def add_image(file: PDFFile, data: bytes) -> int:
    """A JPEG as it is, a PNG re-packed; returns the image object's number."""
    with Pillow.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        size = f"/Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent 8"
        if picture.format == "JPEG" and picture.mode in {"RGB", "L"}:
            space = "/DeviceRGB" if picture.mode == "RGB" else "/DeviceGray"
            return file.add_encoded(f"{size}/ColorSpace{space}/Filter/DCTDecode", data)
        mask = ""
        if "A" in picture.getbands():
            alpha = file.add_stream(f"{size}/ColorSpace/DeviceGray", picture.getchannel("A").tobytes())
            mask = f"/SMask {alpha} 0 R"
        return file.add_stream(f"{size}/ColorSpace/DeviceRGB{mask}", picture.convert("RGB").tobytes())


def add_modules(file: PDFFile, modules: Modules) -> int:
    """A stencil that is painted with the colour in force (§8.9.6.2); returns its number."""
    dots = modules.side * DOTS
    return file.add_encoded(
        f"/Type/XObject/Subtype/Image/Width {dots}/Height {dots}/BitsPerComponent 1/ImageMask true/Filter/FlateDecode"
        f"/DecodeParms<</Predictor 15/BitsPerComponent 1/Columns {dots}>>",
        packed_dots(modules.side, modules.pixels),
    )


def add_output_intent(file: PDFFile) -> int:
    """sRGB as the meaning of every colour (ISO 19005-3 §6.2.3); returns the intent's number."""
    profile = file.add_stream("/N 3", _srgb_profile())
    return file.add(
        "<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB IEC61966-2.1)"
        f"/Info(sRGB IEC61966-2.1)/DestOutputProfile {profile} 0 R>>"
    )


@cache
def _srgb_profile() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # The library writes the time of the call into the header; a fixed date keeps our files reproducible.
    profile[ICC_DATE] = b"".join(part.to_bytes(2, "big") for part in (2000, 1, 1, 0, 0, 0))
    return bytes(profile)


def text_string(text: str) -> str:
    """A text string in UTF-16BE (§7.9.2)."""
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"


def pdf_date(moment: datetime) -> str:
    """A date (§7.9.4) in UTC; `moment` is UTC-aware."""
    return f"(D:{moment:%Y%m%d%H%M%S}+00'00')"
