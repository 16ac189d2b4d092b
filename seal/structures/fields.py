"""The fields of an ASN.1 SEQUENCE, taken in order, each with the type it must have."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from kernel.crypto.der import reader
from kernel.crypto.der.reader import Element
from kernel.crypto.der.times import read_time
from kernel.errors import InvalidInput


class MalformedStructure(InvalidInput):
    """The bytes are not the ASN.1 value that they should be."""

    code = "malformed-structure"

    def __init__(self, reason: str) -> None:
        super().__init__("The data is not a readable seal, signature or certificate.", reason=reason)


@contextmanager
def malformed_on_error() -> Iterator[None]:
    """Whatever the reading of ASN.1 stumbles over becomes `MalformedStructure`."""
    try:
        yield
    except ValueError as failure:
        raise MalformedStructure(str(failure)) from failure


class Fields:
    """What is inside one element. Everything raises ValueError when it is not what is due."""

    def __init__(self, element: Element, tag: int = reader.SEQUENCE) -> None:
        self._left = element.children(tag)[::-1]

    def __len__(self) -> int:
        return len(self._left)

    def peek(self) -> int | None:
        """The tag of the next element, `None` at the end."""
        return self._left[-1].tag if self._left else None

    def take(self, *tags: int) -> Element:
        """The next element, which must be there and carry one of `tags` (any when none are given)."""
        if not self._left:
            raise ValueError("an element is missing")
        element = self._left.pop()
        return reader.expect(element, *tags) if tags else element

    def find(self, tag: int) -> Element | None:
        """The next element if it carries `tag`."""
        return self._left.pop() if self.peek() == tag else None

    def rest(self) -> list[Element]:
        """Everything that is left."""
        left, self._left = self._left[::-1], []
        return left

    def finish(self) -> None:
        """Nothing may be left."""
        if self._left:
            raise ValueError("an element too many")

    def inside(self, tag: int = reader.SEQUENCE) -> "Fields":
        """The fields of the next element."""
        return Fields(self.take(tag), tag)

    def integer(self) -> int:
        """INTEGER."""
        return reader.integer(self.take(reader.INTEGER))

    def octets(self) -> bytes:
        """OCTET STRING."""
        return self.take(reader.OCTET_STRING).content

    def bits(self) -> bytes:
        """BIT STRING of whole octets."""
        return reader.bit_string(self.take())

    def loose_bits(self) -> bytes:
        """BIT STRING of whole octets, whatever its count of unused bits says: early makers put other numbers there."""
        content = self.take(reader.BIT_STRING).content
        if not content:
            raise ValueError("bit string without a count of unused bits")
        return content[1:]

    def oid(self) -> str:
        """OBJECT IDENTIFIER, dotted."""
        return reader.oid(self.take())

    def text(self, *tags: int) -> str:
        """A character string of one of `tags`; UTF-8 contains the other sets, but for the GBK of some makers."""
        content = self.take(*tags).content
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content.decode("gb18030")

    def time(self) -> datetime:
        """UTCTime or GeneralizedTime, in UTC."""
        return read_time(self.take())
