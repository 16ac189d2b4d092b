"""The bytes of a status list (draft-ietf-oauth-status-list-20 §4). Pure."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from enum import IntEnum
from typing import Self

from kernel.errors import InvalidInput

UNREADABLE = "The status list cannot be read. Fetch it again."
MAX_BYTES = 4 * 1024 * 1024
"""Inflated; sixteen million licences of two bits. What grows beyond is no list but an attack."""
_WIDTHS = (1, 2, 4, 8)


class StatusType(IntEnum):
    """What a place of two bits says (§7.1; 3 is left to applications)."""

    VALID = 0
    REVOKED = 1
    SUSPENDED = 2
    SUPERSEDED = 3


class StatusArray:
    """Numbers of 1, 2, 4 or 8 bits, packed from the least significant bit of each byte (§4.1)."""

    def __init__(self, packed: bytes | bytearray, *, bits: int = 2) -> None:
        if bits not in _WIDTHS:
            raise InvalidInput(UNREADABLE, reason=f"bits {bits!r}")
        self._packed = packed
        self.bits = bits

    @classmethod
    def of(cls, size: int, marked: Mapping[int, int], *, bits: int = 2) -> Self:
        """`size` places, zero but for those `marked`."""
        packed = bytearray(-(-size * bits // 8))
        for index, value in marked.items():
            if not 0 <= index < size or not 0 <= value < 1 << bits:
                raise ValueError(f"{value} does not fit at {index}")
            position = index * bits
            packed[position >> 3] |= value << (position & 7)
        return cls(packed, bits=bits)

    @classmethod
    def load(cls, lst: str, bits: int) -> Self:
        """From the JSON form's members; raises InvalidInput, also for what inflates beyond `MAX_BYTES`."""
        try:
            compressed = base64.b64decode(lst + "=" * (-len(lst) % 4), altchars=b"-_", validate=True)
            inflater = zlib.decompressobj()
            packed = inflater.decompress(compressed, MAX_BYTES + 1)
        except (ValueError, binascii.Error, zlib.error, TypeError) as failure:
            raise InvalidInput(UNREADABLE, reason=type(failure).__name__) from failure
        if len(packed) > MAX_BYTES or not inflater.eof or inflater.unused_data:
            raise InvalidInput(UNREADABLE, reason="too large, cut short or followed by more")
        return cls(packed, bits=bits)

    @property
    def lst(self) -> str:
        """ZLIB at its highest level, base64url without padding (§4.2)."""
        return base64.urlsafe_b64encode(zlib.compress(bytes(self._packed), 9)).rstrip(b"=").decode()

    def __len__(self) -> int:
        return len(self._packed) * 8 // self.bits

    def __getitem__(self, index: int) -> int:
        """The number at `index`; raises IndexError outside the list, where nothing may be concluded (§8.3)."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        position = index * self.bits
        return self._packed[position >> 3] >> (position & 7) & ((1 << self.bits) - 1)
