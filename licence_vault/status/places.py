"""Which place of a list a licence gets: scattered, never twice, and with nothing to look up. Pure.

Licences that were issued one after the other must not stand side by side, or a list would tell when and by whom. A
Feistel network over the list's own secret permutes the running numbers, so no two meet. Places that nobody has are
decoys: over the years some turn "revoked", so that counting the marks does not count the revocations.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

HALF_BITS = 9
SIZE = 1 << 2 * HALF_BITS
"""Places in a list: 262,144, which are 64 KiB before compression."""
CAPACITY = SIZE * 3 // 4
"""Running numbers given to licences; the others are decoys for ever."""
_ROUNDS = 6
_DECOY_YEARS = 40
_MARKED_IN_A_YEAR = 1 / 200


@dataclass(frozen=True)
class StatusPlace:
    """Where a licence stands: the list's address and number, and the index there."""

    uri: str
    list_number: int
    index: int

    def __str__(self) -> str:
        """As files carry it."""
        return f"{self.uri}#{self.index}"


def place_of(secret: bytes, number: int) -> int:
    """The index for a running number of a list with this `secret` (32 bytes): a permutation of `range(SIZE)`."""
    mask = (1 << HALF_BITS) - 1
    left, right = number >> HALF_BITS, number & mask
    for turn in range(_ROUNDS):
        digest = hmac.digest(secret, bytes((turn,)) + right.to_bytes(2), hashlib.sha256)
        left, right = right, left ^ (int.from_bytes(digest[:2]) & mask)
    return left << HALF_BITS | right


def decoy_turns(secret: bytes) -> list[tuple[timedelta, int]]:
    """When decoys turn "revoked", counted from the list's making, and their indexes; earliest first.

    A mark that came cannot go again, as with a licence. Takes a tenth of a second: keep the result.
    """
    turns = []
    for number in range(CAPACITY, SIZE):
        digest = hmac.digest(secret, b"decoy" + number.to_bytes(4), hashlib.sha256)
        years = int.from_bytes(digest[:4]) / 2**32 / _MARKED_IN_A_YEAR
        if years < _DECOY_YEARS:
            turns.append((timedelta(days=years * 365.25), place_of(secret, number)))
    return sorted(turns)
