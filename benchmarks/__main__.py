"""`make bench`: run everything, print the ratios, write `benchmarks/results.json`."""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import holdings, issuing, sealing, signing, tokens, verifying
from benchmarks.measuring import Result
from benchmarks.peer import Peer
from tests.houses import opened

RESULTS = Path(__file__).with_name("results.json")


def results() -> Iterator[Result]:
    """Every comparison, one after the other."""
    yield tokens.run()
    yield from signing.run()
    yield from holdings.run()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        loop, world = runner.get_loop(), opened(Path(folder))
        house = loop.run_until_complete(world.__aenter__())
        try:
            yield from verifying.run(house, loop)
            peer = Peer(Path(folder))
            yield from sealing.run(peer)
            yield from issuing.run(house, loop, peer)
        finally:
            loop.run_until_complete(world.__aexit__(None, None, None))


def main() -> None:
    """Print and write."""
    console, found = Console(), []
    for result in results():
        console.print(f"{result.name}: {result.ratio} × {result.peer_name}")
        found.append(result)
    table = Table(
        "what", "ours", "peer", "ratio", "goal", "spread", title="operations per CPU-second; the store: microseconds"
    )
    for each in found:
        goal = f"{'≥' if each.better == 'higher' else '≤'} {each.goal:g}" if each.goal else ""
        table.add_row(each.name, f"{each.ours:g}", f"{each.peer:g}", f"{each.ratio:g}", goal, f"{each.spread:.0%}")
    console.print(table)
    RESULTS.write_text(json.dumps([each.to_dict() for each in found], ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
