"""How time stamps are made and fetched."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

DEFAULT_POLICY = "2.25.88215304107393172365430871498025063817"
"""Stamps of the built-in authority say by which rules they were made; an operator with rules of its own names them."""

BUILT_IN = "built-in"


@dataclass(frozen=True)
class TimestampSettings:
    """`url`: an outside authority; empty for the built-in one.

    `sm3_url`: another address for stamps over SM3, for authorities that do not know it; `BUILT_IN` for our own.
    `anchors`: a PEM or DER file, or a folder of them, with the roots that the outside authority must lead to.
    `hard_stop`: how long sealing goes on without stamps, from the first that could not be had.
    `timeout`: for one stamp, from the first byte sent to the last one read.
    """

    url: str = ""
    sm3_url: str = ""
    username: str = ""
    password: str = ""
    anchors: Path | None = None
    policy: str = DEFAULT_POLICY
    accuracy: timedelta = timedelta(seconds=1)
    timeout: timedelta = timedelta(seconds=10)
    hard_stop: timedelta = timedelta(hours=4)
    requests_per_minute: int = 600
