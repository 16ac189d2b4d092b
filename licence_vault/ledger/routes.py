"""`GET /log/…`: the log as static files (C2SP tlog-tiles), and proofs for those who hold a licence."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import JSONResponse, PlainTextResponse, Response

from licence_vault.ledger.entries import LeafKind
from licence_vault.ledger.service import Ledger
from licence_vault.ledger.tiles import parse_address

ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
FRESH = {"Cache-Control": "no-cache", **ANY_ORIGIN}
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", **ANY_ORIGIN}
PRIVATE = {"Cache-Control": "no-store", **ANY_ORIGIN}
MAX_INDEX_DIGITS = 18

Address = Annotated[
    str,
    Path(
        description="The index in groups of three digits, all but the last behind an “x” (1234067 is x001/x234/067); "
        "for a partial tile then “.p/” and its width, 1 to 255."
    ),
]


def ledger_routes(ledger: Ledger) -> APIRouter:
    """The log's four addresses. The same for all who ask; no account needed."""
    router, doors = APIRouter(prefix="/log", tags=["transparency log"]), _Doors(ledger)
    router.add_api_route(
        "/checkpoint",
        doors.checkpoint,
        methods=["GET"],
        summary="The log's present state, signed",
        description="A C2SP tlog-checkpoint: origin, number of leaves, root hash, Ed25519 signature.",
        response_class=PlainTextResponse,
        responses=_answers("text/plain", "A signed note"),
    )
    router.add_api_route(
        "/tile/entries/{address:path}",
        doors.entries,
        methods=["GET"],
        summary="Up to 256 entries of the log",
        description="A C2SP tlog-tiles entry bundle: each entry, a salted commitment, behind its length (uint16).",
        response_class=Response,
        responses=_answers("application/octet-stream", "An entry bundle"),
    )
    router.add_api_route(
        "/tile/{level}/{address:path}",
        doors.tile,
        methods=["GET"],
        summary="Up to 256 hashes of the log's tree",
        description="A C2SP tlog-tiles tile of the RFC 6962 Merkle tree: hashes of 32 bytes.",
        response_class=Response,
        responses=_answers("application/octet-stream", "A tile"),
    )
    router.add_api_route(
        "/entries/{id}/proof",
        doors.proof,
        methods=["GET"],
        summary="The proof that the log holds an entry",
        description=(
            "For a licence's id, the proof of its newest sealed version with what opens the entry (salt, kind, "
            "digests). For a leaf's index, the proof alone. Both hold offline against the checkpoint inside."
        ),
        response_model=None,
        responses=_answers("application/json", "Index, tree size, entry, path, checkpoint and opening"),
    )
    return router


class _Doors:
    """Parse, one call, answer."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def checkpoint(self) -> Response:
        return PlainTextResponse(await self._ledger.checkpoint(), headers=FRESH)

    async def tile(self, level: str, address: Address) -> Response:
        return _octets(await self._ledger.tile(parse_address(level, address)))

    async def entries(self, address: Address) -> Response:
        return _octets(await self._ledger.entries(parse_address("0", address)))

    async def proof(
        self,
        entry: Annotated[str, Path(alias="id", max_length=64, description="A licence's id, or a leaf's index.")],
        kind: Annotated[LeafKind | None, Query(description="The newest leaf of this kind.")] = None,
    ) -> Response:
        counted = entry.isascii() and entry.isdigit() and len(entry) <= MAX_INDEX_DIGITS
        proof = await (self._ledger.proof_at(int(entry)) if counted else self._ledger.proof(entry, kind=kind))
        return JSONResponse(proof.to_json(), headers=PRIVATE)


def _octets(data: bytes) -> Response:
    return Response(data, media_type="application/octet-stream", headers=FOREVER)


def _answers(media_type: str, description: str) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"description": description, "content": {media_type: {}}},
        404: {"description": "There is no such thing (RFC 9457)", "content": {"application/problem+json": {}}},
    }
