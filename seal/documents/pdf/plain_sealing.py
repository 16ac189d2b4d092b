"""Sealing plain files in one pass: the same objects as the long way adds, written out directly.

A licence leaves our writer as a plain file, so this is the way of nearly all of them: far cheaper than having a library
read the file and write it anew.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from seal.documents.pdf.geometry import PageFrame
from seal.documents.pdf.picture import IMAGE_NAME, Samples, page_operators, samples_of, widget_operators
from seal.documents.pdf.plain_file import PlainPage, PlainPdf
from seal.documents.positions import StampPosition
from seal.documents.provider import PROVIDER

_RANGE = b"[0 0000000000 0000000000 0000000000]"
_PLACE = re.compile(rb"/ByteRange\[0 0{10} 0{10} 0{10}\]/Contents<(0+)>")
_FLAGS = 132
"""Of the annotation: printed, and locked (§12.5.3)."""


@dataclass(frozen=True)
class PlainSignature:
    """What the signature dictionary says. `hex_digits`: the room for its value."""

    name: str
    signed_at: datetime
    hex_digits: int
    reason: str | None = None
    location: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A file but for the signature's value: `before` and `after` it, both signed."""

    before: bytes
    after: bytes
    hex_digits: int

    def with_signature(self, value: bytes) -> bytes:
        """The file. Raises ValueError when there is no room for `value` (DER)."""
        digits = value.hex().encode()
        if len(digits) > self.hex_digits:
            raise ValueError("no room for the signature")
        return b"%b<%b>%b" % (self.before, digits.ljust(self.hex_digits, b"0"), self.after)


def frame_of(page: PlainPage) -> PageFrame:
    """The page as `geometry` sees it."""
    return PageFrame(0, 0, page.width, page.height)


def prepare(
    file: PlainPdf, picture: bytes, widget: StampPosition, drawn: Sequence[StampPosition], what: PlainSignature
) -> Prepared:
    """Everything but the signature itself. Raises `InvalidInput` for the picture."""
    update = _Update(file)
    image = update.add_image(samples_of(picture))
    pages = {position.page: file.pages[position.page - 1] for position in (widget, *drawn)}
    for number in {position.page for position in drawn}:
        pages[number] = update.draw(pages[number], [each for each in drawn if each.page == number], image)
    form = update.add_field(pages[widget.page], widget, image, what)
    pages[widget.page] = replace(pages[widget.page], annotations=b"%d 0 R" % form)
    for page in pages.values():
        update.objects[page.number] = page.to_bytes()
    update.objects[file.root] = b"%b/AcroForm<</Fields[%d 0 R]/SigFlags 3>>%b>>" % (
        file.catalogue[:-2],
        form,
        b"/Extensions<</ESIC<</BaseVersion/1.7/ExtensionLevel 1>>>>",
    )
    return _with_range(file.with_objects(update.objects), len(file.data))


@dataclass
class _Update:
    file: PlainPdf
    objects: dict[int, bytes] = field(default_factory=dict)

    def add(self, body: bytes) -> int:
        number = self.file.size + len(self.objects)
        self.objects[number] = body
        return number

    def add_stream(self, entries: bytes, data: bytes) -> int:
        return self.add(b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries, len(data), data))

    def add_image(self, samples: Samples) -> int:
        size = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/Filter/FlateDecode" % (
            samples.width,
            samples.height,
        )
        mask = self.add_stream(size + b"/ColorSpace/DeviceGray", samples.alpha)
        return self.add_stream(size + b"/ColorSpace/DeviceRGB/SMask %d 0 R" % mask, samples.colour)

    def draw(self, page: PlainPage, positions: Sequence[StampPosition], image: int) -> PlainPage:
        """Draw onto the page itself, with its own operators' state saved and restored around them."""
        before, after = self.add_stream(b"", b"q"), self.add_stream(b"", b"Q")
        streams = [self.add_stream(b"", page_operators(frame_of(page), position)) for position in positions]
        drawn = b" ".join(b"%d 0 R" % stream for stream in streams)
        return page.framed(before, after, drawn, b"%b %d 0 R" % (IMAGE_NAME.encode(), image))

    def add_field(self, page: PlainPage, position: StampPosition, image: int, what: PlainSignature) -> int:
        frame = frame_of(page)
        box = b" ".join(b"%.3f" % edge for edge in frame.rectangle(position))
        appearance = self.add_stream(
            b"/Type/XObject/Subtype/Form/BBox[%b]/Resources<</XObject<<%b %d 0 R>>>>"
            % (box, IMAGE_NAME.encode(), image),
            widget_operators(frame, position),
        )
        signature = self.add(_signature_dictionary(what))
        return self.add(
            b"<</FT/Sig/T(Seal1)/Type/Annot/Subtype/Widget/F %d/Rect[%b]/P %d 0 R/AP<</N %d 0 R>>/V %d 0 R>>"
            % (_FLAGS, box, page.number, appearance, signature)
        )


def _signature_dictionary(what: PlainSignature) -> bytes:
    said = b"".join(
        b"/%b %b" % (key, _text(text))
        for key, text in ((b"Name", what.name), (b"Reason", what.reason), (b"Location", what.location))
        if text is not None
    )
    moment = f"(D:{what.signed_at.astimezone(UTC):%Y%m%d%H%M%S}Z)".encode()
    return (
        b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M%b%b/Prop_Build<</App<</Name/%b>>>>"
        b"/ByteRange%b/Contents<%b>>>" % (moment, said, PROVIDER.encode(), _RANGE, b"0" * what.hex_digits)
    )


def _text(text: str) -> bytes:
    """A text string in UTF-16BE (§7.9.2)."""
    return b"<FEFF%b>" % text.encode("utf-16-be").hex().upper().encode()


def _with_range(data: bytes, start: int) -> Prepared:
    """Find the signature's place behind `start`, and write down what is before and after it."""
    place = _PLACE.search(data, start)
    assert place is not None
    gap, resume = place.start(1) - 1, place.end()
    numbers = b"%d %d %d" % (gap, resume, len(data) - resume)
    named = b"/ByteRange[0 %b]" % numbers.ljust(len(_RANGE) - 4)
    before = data[: place.start()] + named + data[place.start() + len(b"/ByteRange") + len(_RANGE) : gap]
    return Prepared(before, data[resume:], len(place[1]))
