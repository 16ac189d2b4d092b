"""One judge: takes a file, answers, takes the next. A hostile file may kill it; another is forked then."""

import signal
from collections.abc import Callable, Mapping
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

import cbor2

from kernel.errors import InvalidInput
from seal.validation.service import validate_document
from seal.validation.transfer import read_trust, write_report
from seal.validation.trust import TrustStore
from verify.upload.identifier import read_identifier, read_status_place
from verify.upload.images import read_qr_in_image
from verify.upload.judging.confinement import allow_cpu, confine


def serve(connection: Connection, memory_bytes: int) -> None:
    """Until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    confine(memory_bytes)
    trust = TrustStore()
    while True:
        try:
            message = cbor2.loads(connection.recv_bytes())
        except (EOFError, OSError):
            return
        if message["task"] == "trust":
            trust = read_trust(message["trust"])
            continue
        allow_cpu(int(message["cpu_seconds"]))
        connection.send_bytes(cbor2.dumps(_answer(message, connection, trust)))


def _answer(message: Mapping[str, Any], connection: Connection, trust: TrustStore) -> dict[str, Any]:
    data = connection.recv_bytes()
    if message["task"] == "qr":
        try:
            return {"text": read_qr_in_image(data)}
        except InvalidInput as refusal:
            return {"refused": refusal.message}
    report = validate_document(data, trust, at=datetime.fromisoformat(message["at"]))
    return {
        "report": write_report(report),
        "named": _hint(read_identifier, data),
        "place": _hint(read_status_place, data),
    }


def _hint(read: Callable[[bytes], str | None], data: bytes) -> str | None:
    """Only a hint: that it cannot be had is no finding."""
    try:
        return read(data)
    except Exception:  # noqa: BLE001 - a hostile file; the verdict stands already
        return None
