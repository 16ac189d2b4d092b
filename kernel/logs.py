"""Structured logs: one JSON object a line on standard error, with the request id, without personal data.

Whoever logs passes opaque ids and counts. As a last guard `redact` blanks what looks like an ID number, a credit code,
a telephone number or a token, wherever it stands.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from kernel.audit.chain import request_id

_PERSONAL = re.compile(
    r"(?<![0-9A-Za-z])("
    r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx]"  # resident ID number
    r"|[1-9ANY][0-9A-HJ-NPQRTUWXY]\d{6}[0-9A-HJ-NPQRTUWXY]{10}"  # unified social credit code
    r"|1[3-9]\d{9}"  # mobile number
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"  # JWT
    r")(?![0-9A-Za-z])"
)
_SECRET_KEYS = re.compile(r"password|secret|token|authorization|cookie|id_number|code_verifier", re.IGNORECASE)


def redact(value: Any) -> Any:
    """Blank what looks personal in texts, also inside lists and dictionaries."""
    if isinstance(value, str):
        return _PERSONAL.sub("[redacted]", value)
    if isinstance(value, dict):
        return {key: "[redacted]" if _SECRET_KEYS.search(str(key)) else redact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return value


@contextmanager
def quiet_logs() -> Iterator[None]:
    """Within the block, warnings and worse go to standard error and nothing to standard output: for short commands."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.configure(**before)


def configure_logs(*, human: bool = False, file: Path | None = None) -> None:
    """Send structlog and the standard library's logging through one chain, to standard error or to the end of `file`.

    `human` gives a readable console form.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    renderer: Any = structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.FileHandler(file, encoding="utf-8") if file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in (
        "uvicorn",
        "httpx",
        "httpcore",
        "aiosqlite",
        "alembic",
        "fontTools",
        "pyhanko",
        "pyhanko_certvalidator",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _add_request_id(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if identifier := request_id.get():
        event.setdefault("request_id", identifier)
    return event


def _redact_event(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = "[redacted]" if _SECRET_KEYS.search(key) else redact(value)
    return event
