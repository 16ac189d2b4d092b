"""Licence rows by the hundred thousand, as they lie in the table; what is encrypted is noise of the usual size."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from kernel.database.engine import Database

START = datetime(2026, 1, 1, tzinfo=UTC)
ISSUER = "11440300MB2C12345X"
COLUMNS = (
    "id", "identifier", "type_code", "type_version", "type_name", "version", "status", "status_cause", "cause_code",
    "status_changed_at", "holder_index", "issuer_uscc", "issuer_name", "valid_from", "valid_to", "issued_at", "handle",
    "qr", "content", "content_digest", "ofd_blob", "pdf_blob", "ofd_digest", "pdf_digest", "superseded_by",
    "status_list", "status_index",
)  # fmt: skip


def licence_values(number: int, *, holders_of: int = 4, content: bytes = b"\x01" * 400) -> tuple[Any, ...]:
    """The row of the licence with this number; each holder has `holders_of` licences."""
    at = START + timedelta(seconds=number)
    identity = f"{int(at.timestamp() * 1000):012x}7{number:019x}"
    return (
        identity, f"1.2.156.3005.2.TEST.{number:012}.001.X", "TEST", 1, "测试证照", 1, "valid", "", "01",
        at, _hash("holder", number // holders_of), ISSUER, "测试机关", date(2026, 1, 1), None, at, f"h{number:020}",
        "HTTPS://ID.EXAMPLE/V/" + "A" * 200, content, _hash("content", number), _hash("ofd blob", number),
        _hash("pdf blob", number), _hash("ofd", number), _hash("pdf", number), None,
        number // 1000, number % 1000,
    )  # fmt: skip


def holder(number: int) -> str:
    """The blind index of the holder with this number."""
    return _hash("holder", number)


async def copy_licences(database: Database, first: int, last: int) -> None:
    """Load licences by COPY into a PostgreSQL whose tables are there, and refresh what the planner knows."""
    async with database.engine.begin() as connection:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        for start in range(first, last, 50_000):
            rows = [licence_values(number) for number in range(start, min(start + 50_000, last))]
            await driver.copy_records_to_table("vault_licence", records=rows, columns=COLUMNS)
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        await driver.execute("ANALYZE vault_licence; ANALYZE vault_licence_key")


def _hash(kind: str, number: int) -> str:
    return hashlib.sha256(f"{kind} {number}".encode()).hexdigest()
