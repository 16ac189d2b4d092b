"""PDF files in the plain form that we write ourselves, read and added to without a PDF library.

Plain: one revision, a classic cross-reference table (ISO 32000-1 §7.5.4), pages and catalogue as dictionaries on one
line, no form, nothing inherited or turned. Reading such a file is some slices; whatever differs in a byte is not plain
and is for the library to read.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

_TAIL = re.compile(
    rb"trailer\n<</Size (\d{1,7})/Root (\d{1,7}) 0 R/Info (\d{1,7}) 0 R/ID\[<([0-9a-f]{32})><\4>\]>>\n"
    rb"startxref\n(\d{1,10})\n%%EOF\n\Z"
)
_TAIL_LENGTH = 256
_ROW = 20
_CATALOGUE = re.compile(
    rb"<</Type/Catalog/Pages (\d+) 0 R/OutputIntents\[\d+ 0 R\]/Metadata \d+ 0 R/Lang\([\w-]+\)"
    rb"/MarkInfo<</Marked false>>/ViewerPreferences<</DisplayDocTitle true>>/AF\[\d+ 0 R\]"
    rb"/Names<</EmbeddedFiles<</Names\[\([\w.]+\) \d+ 0 R\]>>>>>>"
)
_TREE = re.compile(rb"<</Type/Pages/Count (\d+)/Kids\[((?:\d+ 0 R ?)+)\]>>")
_PAGE = re.compile(
    rb"<</Type/Page/Parent \d+ 0 R/MediaBox\[0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)\]"
    rb"/Contents\[(?P<contents>(?:\d+ 0 R ?)+)\]/Resources<<(?P<fonts>/Font<<(?:/[\w-]+ \d+ 0 R)*>>)"
    rb"/XObject<<(?P<pictures>(?:/[\w-]+ \d+ 0 R)*)>>>>>>"
)
_REFERENCE = re.compile(rb"(\d+) 0 R")


class NotPlain(Exception):
    """The file is in another form, which says nothing against it."""


@dataclass(frozen=True)
class PlainPage:
    """A page: its object's number, its size in points, and what its dictionary says of content and pictures."""

    number: int
    parent: int
    width: float
    height: float
    box: bytes
    contents: bytes
    fonts: bytes
    pictures: bytes
    annotations: bytes = b""

    def framed(self, before: int, after: int, drawn: bytes, pictures: bytes) -> Self:
        """With content around and after its own, and more pictures to draw there."""
        contents = b"%d 0 R %b %d 0 R %b" % (before, self.contents, after, drawn)
        return replace(self, contents=contents, pictures=self.pictures + pictures)

    def to_bytes(self) -> bytes:
        """The dictionary."""
        annotations = b"/Annots[%b]" % self.annotations if self.annotations else b""
        return b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 %b]/Contents[%b]/Resources<<%b/XObject<<%b>>>>%b>>" % (
            self.parent,
            self.box,
            self.contents,
            self.fonts,
            self.pictures,
            annotations,
        )


@dataclass(frozen=True)
class PlainPdf:
    """A plain file. `size` is one more than the highest number of an object."""

    data: bytes
    size: int
    root: int
    info: int
    identity: bytes
    table: int
    catalogue: bytes
    pages: tuple[PlainPage, ...]

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read a file. Raises `NotPlain`."""
        tail = _TAIL.search(data, max(0, len(data) - _TAIL_LENGTH))
        if tail is None:
            raise NotPlain
        size, root, info, table = (int(tail[group]) for group in (1, 2, 3, 5))
        head = b"xref\n0 %d\n" % size
        if not data.startswith(head, table) or table + len(head) + _ROW * size != tail.start():
            raise NotPlain
        catalogue = _object(data, table + len(head), root, size)
        named = _matched(_CATALOGUE, catalogue)
        tree = _matched(_TREE, _object(data, table + len(head), int(named[1]), size))
        numbers = [int(each) for each in _REFERENCE.findall(tree[2])]
        if len(numbers) != int(tree[1]) or len(set(numbers)) != len(numbers):
            raise NotPlain
        pages = tuple(_page(data, table + len(head), number, int(named[1]), size) for number in numbers)
        return cls(data, size, root, info, tail[4], table, catalogue, pages)

    def with_objects(self, objects: Mapping[int, bytes]) -> bytes:
        """The file with an incremental update (§7.5.6) that adds or replaces `objects`, in the order given."""
        parts, place, offsets = [self.data], len(self.data), {}
        for number, body in objects.items():
            offsets[number] = place
            parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, body))
            place += len(parts[-1])
        sections = b"".join(b"%d 1\n%010d 00000 n \n" % (number, offsets[number]) for number in sorted(offsets))
        parts.append(
            b"xref\n0 1\n0000000000 65535 f \n%btrailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]/Prev %d>>\n"
            b"startxref\n%d\n%%%%EOF\n"
            % (
                sections,
                max(self.size, *(number + 1 for number in objects)),
                self.root,
                self.info,
                self.identity,
                secrets.token_hex(16).encode(),
                self.table,
                place,
            )
        )
        return b"".join(parts)


def _object(data: bytes, rows: int, number: int, size: int) -> bytes:
    """The text of an object that the table lists at `rows`."""
    row = data[rows + _ROW * number : rows + _ROW * (number + 1)]
    if not 0 < number < size or not row[:10].isdigit() or row[10:] != b" 00000 n \n":
        raise NotPlain
    start, head = int(row[:10]), b"%d 0 obj\n" % number
    end = data.find(b"\nendobj\n", start)
    if not data.startswith(head, start) or end < 0:
        raise NotPlain
    return data[start + len(head) : end]


def _page(data: bytes, rows: int, number: int, parent: int, size: int) -> PlainPage:
    text = _object(data, rows, number, size)
    found = _matched(_PAGE, text)
    if not text.startswith(b"<</Type/Page/Parent %d 0 R/" % parent):
        raise NotPlain
    box = b"%b %b" % (found["width"], found["height"])
    try:
        width, height = float(found["width"]), float(found["height"])
    except ValueError:
        raise NotPlain from None
    return PlainPage(number, parent, width, height, box, found["contents"], found["fonts"], found["pictures"])


def _matched(form: re.Pattern[bytes], text: bytes) -> re.Match[bytes]:
    found = form.fullmatch(text)
    if found is None:
        raise NotPlain
    return found
