"""A scan's pages, read by a process of its own that ends with it."""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

from kernel.errors import InvalidInput
from licence_vault.licences.origin import ScanPage

SECONDS = 60
LARGEST_ANSWER = 64 * 1024 * 1024
AT_ONCE = 2
_WORKER = Path(__file__).with_name("worker.py")
_gate = asyncio.Semaphore(AT_ONCE)
REFUSAL_WORDS = {
    "not-readable": "This scan cannot be read. Give a PDF, JPEG, PNG, TIFF, BMP or WebP.",
    "too-many-pages": "A scan may have at most 20 pages.",
    "too-large": "A page of this scan is too large or too small.",
}


async def render(data: bytes) -> tuple[ScanPage, ...]:
    """Every page. Raises `InvalidInput` for what cannot be read or is more than a licence ever has."""
    async with _gate:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(_WORKER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
        )
        try:
            answer, _errors = await asyncio.wait_for(process.communicate(data), SECONDS)
        except TimeoutError:
            answer = b""
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return _pages(answer)


def packed(pages: tuple[ScanPage, ...]) -> bytes:
    """Pages as one record to keep; `unpacked` reads it."""
    sizes = [[page.width, page.height, len(page.picture)] for page in pages]
    return json.dumps({"pages": sizes}).encode() + b"\n" + b"".join(page.picture for page in pages)


def unpacked(record: bytes) -> tuple[ScanPage, ...]:
    """What `packed` packed."""
    return _pages(record)


def _pages(answer: bytes) -> tuple[ScanPage, ...]:
    head, _line, rest = answer.partition(b"\n")
    try:
        told = json.loads(head)
        code = told.get("error", "")
        sizes = told.get("pages", [])
    except (ValueError, AttributeError):
        code, sizes = "not-readable", []
    if code or not sizes or len(answer) > LARGEST_ANSWER:
        raise InvalidInput(REFUSAL_WORDS.get(code, REFUSAL_WORDS["not-readable"]))
    pages, start = [], 0
    for width, height, length in sizes:
        pages.append(ScanPage(float(width), float(height), rest[start : start + length]))
        start += length
    return tuple(pages)
