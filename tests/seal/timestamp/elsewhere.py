"""An outside time-stamp authority behind real HTTP that a test sends away, and the seal service that uses it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kernel.crypto.timestamps.messages import TimestampRequest, granted_response
from seal.app import SealServices, build_services
from seal.timestamp.settings import TimestampSettings
from tests.kernel.crypto.timestamps.stamps import TERMS, StampingPki
from tests.seal.timestamp.http_authority import Answer, Served, serving
from tests.seal.world import SealWorld

PKI = StampingPki.create("ES256")


@dataclass
class Elsewhere:
    """An outside authority that is away, or not. `answers`: after so many it is away again."""

    served: Served
    is_away: bool = False
    answers: int | None = None


@contextmanager
def outside_authority(world: SealWorld) -> Iterator[Elsewhere]:
    """Stamps by the world's clock."""

    def answer(query: bytes) -> Answer:
        if authority.is_away or authority.answers == 0:
            return 503, b""
        if authority.answers is not None:
            authority.answers -= 1
        terms = replace(TERMS, time=world.clock())
        return 200, granted_response(PKI.stamp(TimestampRequest.load(query), terms))

    with serving(answer) as served:
        authority = Elsewhere(served)
        yield authority


@asynccontextmanager
async def services_with(
    world: SealWorld, elsewhere: Elsewhere, tmp_path: Path, **changes: object
) -> AsyncIterator[SealServices]:
    """The world's seal service once more, as another process would have it, stamped by `elsewhere`."""
    roots = tmp_path / "tsa-roots"
    roots.mkdir(exist_ok=True)
    (roots / "root.cer").write_bytes(PKI.root.der)
    settings = TimestampSettings(url=elsewhere.served.url, anchors=roots, **changes)  # type: ignore[arg-type] - any of them
    built = build_services(replace(world.foundations, timestamps=settings))
    await built.start()
    try:
        yield built
    finally:
        await built.stop()
