"""Measuring: operations per CPU-second of this process, ours and the peer's in turns, medians over several rounds."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Result:
    """One comparison as in `results.json`: `ratio` is ours ÷ peer, `spread` is (max − min) ÷ median of ours."""

    name: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    better: Literal["higher", "lower"]
    unit: str
    runs: int
    spread: float
    goal: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Without a goal that nobody set."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def compare(
    name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    *,
    peer_name: str,
    goal: float | None = None,
    rounds: int = 5,
    at_once: int = 1,
) -> Result:
    """Let both work in turns for `rounds` rounds, so that whatever else the machine does meets both alike.

    `at_once`: how many operations one call of `ours` is.
    """
    ours(), peer()  # what is made once is not what is measured
    figures = [(rate(ours) * at_once, rate(peer)) for _ in range(rounds)]
    return result_of(name, *map(list, zip(*figures, strict=True)), peer_name=peer_name, goal=goal)


def result_of(
    name: str, ours: Sequence[float], peer: Sequence[float], *, peer_name: str, goal: float | None = None
) -> Result:
    """Rates of several rounds as one result."""
    mine, theirs = statistics.median(ours), statistics.median(peer)
    return Result(
        name=name,
        ours=round(mine, 2),
        peer=round(theirs, 2),
        peer_name=peer_name,
        ratio=round(mine / theirs, 2),
        better="higher",
        unit="operations per CPU-second",
        runs=len(ours),
        spread=round((max(ours) - min(ours)) / mine, 3),
        goal=goal,
    )


def rate(work: Callable[[], object], seconds: float = 0.6) -> float:
    """How often `work` gets done in a CPU-second."""
    count, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        work()
        count += 1
    return count / (time.process_time() - start)
