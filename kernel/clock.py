"""Time as an argument: whoever needs the hour is given a clock."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the current moment, UTC-aware."""


def system_clock() -> datetime:
    """The machine's time in UTC."""
    return datetime.now(UTC)
