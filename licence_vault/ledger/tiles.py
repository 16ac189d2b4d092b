"""Addresses and bodies of C2SP tlog-tiles. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kernel.errors import NotFound

TILE_WIDTH = 256
TILE_HEIGHT = 8
_LEVEL = re.compile(r"0|[1-9]|[1-5][0-9]|6[0-3]")
_INDEX = re.compile(r"(?:x[0-9]{3}/){0,6}[0-9]{3}")
_WIDTH = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True)
class TileAddress:
    """Tile `index` at tile level `level`; `width` below 256 for a partial tile. An entry bundle has level 0."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def node_level(self) -> int:
        """The tree level of the tile's hashes."""
        return self.level * TILE_HEIGHT

    @property
    def begin(self) -> int:
        """The index, at that level, of the first hash."""
        return self.index * TILE_WIDTH

    @property
    def end(self) -> int:
        """The index behind the last hash."""
        return self.begin + self.width

    def is_in(self, size: int) -> bool:
        """Whether a tree of `size` leaves has every hash of this tile."""
        return self.end <= size >> self.node_level


def no_such_tile() -> NotFound:
    """What is answered for an address that is not one, and for a tile that the log does not have yet."""
    return NotFound("There is no such tile in the log.")


def parse_address(level: str, rest: str) -> TileAddress:
    """Read `<L>` and `<N>[.p/<W>]`; there is one way to write each address. Raises NotFound."""
    number, partial, width = rest.partition(".p/")
    if not _LEVEL.fullmatch(level) or not _INDEX.fullmatch(number):
        raise no_such_tile()
    if number.startswith("x000/") or (partial and (not _WIDTH.fullmatch(width) or int(width) >= TILE_WIDTH)):
        raise no_such_tile()
    index = int(number.replace("x", "").replace("/", ""))
    return TileAddress(int(level), index, int(width) if partial else TILE_WIDTH)


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries, each behind its length as a big-endian uint16."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
