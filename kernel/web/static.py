"""Static files of all packages under names that change with their content, so browsers may keep them for a year.

`/static/<digest>/<package>/<file>`: one digest over everything, so a stylesheet's or a module's relative reference to
its neighbour keeps working without a build step. An old digest is still answered, but only kept for a minute.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kernel.errors import NotFound

FOREVER = "public, max-age=31536000, immutable"
A_MINUTE = "public, max-age=60"
COMPRESSIBLE = ("text/", "application/json", "application/wasm", "application/manifest+json", "image/svg+xml")
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class StaticFile:
    """One file as it is sent."""

    content_type: str
    data: bytes = field(repr=False)
    gzipped: bytes | None = field(repr=False)


class StaticFiles:
    """Everything under `<root>/static/` of these packages, read at start."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._files: dict[str, StaticFile] = {}
        digest = hashlib.sha256()
        for root in roots:
            base = root / "static"
            for path in sorted(each for each in base.rglob("*") if each.is_file()):
                name = path.relative_to(base).as_posix()
                data = path.read_bytes()
                digest.update(f"{name}\0{len(data)}\0".encode() + data)
                self._files[name] = _prepare(path, data)
        self.digest = digest.hexdigest()[:16]

    def url(self, name: str) -> str:
        """The address of `kernel/base.css` and the like. Raises KeyError for a file that is not there."""
        if name not in self._files:
            message = f"no static file {name!r}"
            raise KeyError(message)
        return f"/static/{self.digest}/{name}"

    def text(self, name: str) -> str:
        """What a file of text holds. Raises KeyError for a file that is not there."""
        return self._files[name].data.decode()

    def routes(self) -> list[BaseRoute]:
        """The one route that serves them."""
        return [Route("/static/{digest}/{name:path}", self._serve, name="static", methods=["GET"])]

    async def _serve(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None:
            raise NotFound("There is no such page.")
        headers = {
            "Cache-Control": FOREVER if request.path_params["digest"] == self.digest else A_MINUTE,
            "Content-Type": file.content_type,
            "Vary": "Accept-Encoding",
        }
        if file.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.gzipped, headers=headers | {"Content-Encoding": "gzip"})
        return Response(file.data, headers=headers)


def _prepare(path: Path, data: bytes) -> StaticFile:
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(data, mtime=0) if kind.startswith(COMPRESSIBLE) and len(data) > 500 else None
    return StaticFile(kind, data, packed if packed is not None and len(packed) < len(data) else None)
