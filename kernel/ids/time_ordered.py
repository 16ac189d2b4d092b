"""Row identifiers that sort by age (RFC 9562 §5.7, UUID version 7)."""

import secrets
import time


def new_id() -> str:
    """A UUID version 7 as 32 lower-case hex digits: milliseconds, 12 bits of their fraction, 62 random bits."""
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return f"{value:032x}"
