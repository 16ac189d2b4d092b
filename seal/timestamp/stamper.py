"""What sealing asks for a time stamp, whoever answers."""

from collections.abc import Callable
from typing import Literal

StampDigest = Literal["sha256", "sm3"]

Stamper = Callable[[bytes, StampDigest], bytes]
"""From a digest and its kind to a DER TimeStampToken over it, checked. Blocks, so call it in a thread.

Raises `kernel.errors.Unavailable` when no authority answers as it must: the caller then decides, with
`seal.timestamp.pending`, whether to go on without.
"""
