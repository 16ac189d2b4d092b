"""Where the value of a signature or time stamp stands in a PDF: in the one gap of what is signed, and nothing else."""

import re
from dataclasses import dataclass
from typing import Any

from seal.documents.pdf.levels import der_length

_HEX = re.compile(rb"<(?:[0-9A-F]+|[0-9a-f]+)>")


@dataclass(frozen=True)
class Container:
    """`content`: the DER value without its padding; `covered`: what is signed, in two parts; `end`: where that ends.

    `is_sound`: the gap holds the value in hexadecimal, padded with zeros, and hides nothing else.
    """

    content: bytes
    covered: tuple[bytes, bytes]
    end: int
    is_sound: bool


def read_container(embedded: Any, data: bytes) -> Container:
    """Read the place of one of pyHanko's embedded signatures."""
    byte_range = [int(number) for number in embedded.byte_range]
    start, gap, resume, rest = byte_range if len(byte_range) == 4 else (1, 0, 0, 0)
    content = bytes(embedded.pkcs7_content)
    length = der_length(content)
    covered = (data[max(start, 0) : max(gap, 0)], data[max(resume, 0) : max(resume + rest, 0)])
    is_sound = start == 0 and gap <= resume <= resume + rest <= len(data) and not content[length:].strip(b"\0")
    return Container(content[:length], covered, resume + rest, is_sound and _holds(data[gap:resume], content))


def _holds(hidden: bytes, content: bytes) -> bool:
    return bool(_HEX.fullmatch(hidden)) and len(hidden) % 2 == 0 and bytes.fromhex(hidden[1:-1].decode()) == content
