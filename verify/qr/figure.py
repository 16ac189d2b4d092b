"""A figure that is the same on every genuine page of this service at one moment, and another half a minute later.

A copied page or a screenshot shows an old one; two phones side by side at the genuine address show the same. It proves
nothing by itself: the domain does. Pure.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

SECONDS = 30
PETALS = 6


@dataclass(frozen=True)
class Figure:
    """`petals`: rotation in degrees, length and width of each; `turn`: seconds that one turn takes; `word`: four
    letters for those who cannot see it."""

    petals: tuple[tuple[int, int, int], ...]
    turn: int
    word: str


def figure_at(key: bytes, moment: datetime) -> Figure:
    """The figure of the half minute that `moment` is in."""
    step = int(moment.timestamp()) // SECONDS
    digest = hmac.new(key, b"figure:%d" % step, hashlib.sha256).digest()
    petals = tuple(
        (place * 60 + digest[3 * place] % 41 - 20, 20 + digest[3 * place + 1] % 25, 5 + digest[3 * place + 2] % 9)
        for place in range(PETALS)
    )
    word = "".join("ABCDEFGHJKLMNPQRSTUVWXYZ"[byte % 24] for byte in digest[20:24])
    return Figure(petals, 8 + digest[24] % 8, word)
