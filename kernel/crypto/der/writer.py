"""Strict DER output. Every function returns one complete element."""

from collections.abc import Iterable
from datetime import UTC, datetime

from kernel.crypto.der import reader


def element(tag: int, content: bytes) -> bytes:
    """One tag-length-value with the shortest length."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    return element(reader.SEQUENCE, b"".join(parts))


def set_of(parts: Iterable[bytes]) -> bytes:
    """A SET OF, sorted as DER wants."""
    return element(reader.SET, b"".join(sorted(parts)))


def explicit(number: int, part: bytes) -> bytes:
    """`[number] EXPLICIT part`."""
    return element(reader.context(number), part)


def implicit(number: int, content: bytes) -> bytes:
    """`[number] IMPLICIT` over a primitive value's content."""
    return element(reader.context(number, constructed=False), content)


def integer(value: int) -> bytes:
    return element(reader.INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def enumerated(value: int) -> bytes:
    return element(reader.ENUMERATED, bytes([value]))


def boolean(value: bool) -> bytes:
    return element(reader.BOOLEAN, b"\xff" if value else b"\x00")


def null() -> bytes:
    return b"\x05\x00"


def octets(value: bytes) -> bytes:
    return element(reader.OCTET_STRING, value)


def bit_string(value: bytes) -> bytes:
    """A bit string without unused bits."""
    return element(reader.BIT_STRING, b"\x00" + value)


def named_bits(bits: Iterable[int]) -> bytes:
    """A bit string by the numbers of its set bits, trailing zeros dropped (X.690 §11.2.2)."""
    numbers = set(bits)
    if not numbers:
        return element(reader.BIT_STRING, b"\x00")
    size = max(numbers) // 8 + 1
    value = sum(1 << (size * 8 - 1 - number) for number in numbers)
    unused = size * 8 - 1 - max(numbers)
    return element(reader.BIT_STRING, bytes([unused]) + value.to_bytes(size, "big"))


def oid(dotted: str) -> bytes:
    """An object identifier from its dotted form; raises ValueError."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    if not 0 <= first <= 2 or (first < 2 and second >= 40) or min(second, *rest, 0) < 0:
        raise ValueError(f"bad object identifier {dotted}")
    return element(reader.OID, b"".join(_arc(arc) for arc in (first * 40 + second, *rest)))


def utf8(text: str) -> bytes:
    return element(reader.UTF8, text.encode())


def printable(text: str) -> bytes:
    return element(reader.PRINTABLE, text.encode("ascii"))


def ia5(text: str) -> bytes:
    return element(reader.IA5, text.encode("ascii"))


def time(moment: datetime) -> bytes:
    """UTCTime to 2049, GeneralizedTime from 2050, whole seconds (RFC 5280 §4.1.2.5)."""
    utc = moment.astimezone(UTC)
    if 1950 <= utc.year < 2050:
        return element(reader.UTC_TIME, utc.strftime("%y%m%d%H%M%SZ").encode())
    return generalized_time(utc)


def generalized_time(moment: datetime) -> bytes:
    utc = moment.astimezone(UTC)
    return element(reader.GENERALIZED_TIME, f"{utc.year:04}{utc:%m%d%H%M%S}Z".encode())


def _arc(value: int) -> bytes:
    encoded = [value & 0x7F]
    while value := value >> 7:
        encoded.append(value & 0x7F | 0x80)
    return bytes(reversed(encoded))
