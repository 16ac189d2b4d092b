"""DER elements with their original bytes, so that signatures are checked over what was sent, never a re-encoding.

Every function raises ValueError alone on bad input; callers turn that into their own error.
"""

from dataclasses import dataclass

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
ENUMERATED, UTF8, SEQUENCE, SET = 0x0A, 0x0C, 0x30, 0x31
PRINTABLE, T61, IA5, UTC_TIME, GENERALIZED_TIME, UNIVERSAL, BMP = 0x13, 0x14, 0x16, 0x17, 0x18, 0x1C, 0x1E


@dataclass(frozen=True)
class Element:
    """One tag-length-value. `tag` is the identifier octet; `encoded` the whole, as it came."""

    tag: int
    content: bytes
    encoded: bytes

    def children(self, tag: int | None = None) -> list["Element"]:
        """The elements inside; with `tag`, this element must carry it."""
        if tag is not None:
            expect(self, tag)
        return read_elements(self.content)


def context(number: int, *, constructed: bool = True) -> int:
    """The identifier octet of a context tag, `[number]`."""
    return (0xA0 if constructed else 0x80) | number


def read_element(data: bytes) -> Element:
    """The one element that `data` is; nothing may follow it."""
    element = _read_at(data, 0)
    if len(element.encoded) != len(data):
        raise ValueError("bytes follow the element")
    return element


def read_leading(data: bytes) -> Element:
    """The first element of `data`, whatever follows it."""
    return _read_at(data, 0)


def read_elements(data: bytes) -> list[Element]:
    """All elements of `data`, end to end."""
    elements = []
    position = 0
    while position < len(data):
        elements.append(_read_at(data, position))
        position += len(elements[-1].encoded)
    return elements


def expect(element: Element, *tags: int) -> Element:
    """The element itself, if it carries one of `tags`."""
    if element.tag not in tags:
        raise ValueError(f"unexpected tag {element.tag:#04x}")
    return element


def integer(element: Element) -> int:
    content = expect(element, INTEGER, ENUMERATED).content
    if not content:
        raise ValueError("empty integer")
    return int.from_bytes(content, "big", signed=True)


def boolean(element: Element) -> bool:
    return expect(element, BOOLEAN).content != b"\x00"


def oid(element: Element) -> str:
    """Dotted form of an object identifier."""
    content = expect(element, OID).content
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise ValueError("bad object identifier")
    arcs: list[int] = []
    value = 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def bit_string(element: Element) -> bytes:
    """The bytes of a bit string with no unused bits (keys and signatures)."""
    content = expect(element, BIT_STRING).content
    if not content or content[0] != 0:
        raise ValueError("bit string with unused bits")
    return content[1:]


def named_bits(element: Element) -> set[int]:
    """The numbers of the bits that are set (bit 0 comes first)."""
    content = expect(element, BIT_STRING).content
    if not content or content[0] > 7:
        raise ValueError("bad bit string")
    octets = content[1:]
    return {index * 8 + bit for index, octet in enumerate(octets[:8]) for bit in range(8) if octet & (0x80 >> bit)}


def _read_at(data: bytes, start: int) -> Element:
    if start + 2 > len(data) or data[start] & 0x1F == 0x1F:
        raise ValueError("truncated or multi-byte tag")
    length, position = data[start + 1], start + 2
    if length >= 0x80:
        size = length & 0x7F
        if not 0 < size <= 4:
            raise ValueError("indefinite or oversized length")
        length = int.from_bytes(data[position : position + size], "big")
        position += size
    end = position + length
    if end > len(data):
        raise ValueError("truncated content")
    return Element(data[start], data[position:end], data[start:end])
