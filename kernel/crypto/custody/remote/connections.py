"""Requests to a remote signer over connections that are kept open. The standard library's client: no other is pure."""

import http.client
import json
import secrets
import socket
import threading
from dataclasses import dataclass
from typing import Any

from kernel.crypto.custody.remote.address import RemoteAddress
from kernel.errors import (
    ConfigurationError,
    Conflict,
    IntegrityError,
    InvalidInput,
    NotFound,
    Unavailable,
    XinyinError,
)

MOST_ANSWER_BYTES = 4 * 1024 * 1024
_KEPT = 16
_ERRORS: dict[str, type[XinyinError]] = {
    "not-found": NotFound,
    "conflict": Conflict,
    "invalid-input": InvalidInput,
    "configuration": ConfigurationError,
    "integrity": IntegrityError,
    "unavailable": Unavailable,
}


@dataclass(frozen=True)
class Answer:
    """A status and the JSON that came with it."""

    status: int
    document: Any


class SignerConnections:
    """Sends requests. Safe for threads."""

    def __init__(self, address: RemoteAddress) -> None:
        self._address = address
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def request(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of a good answer; raises what the signer says, Unavailable when it does not.

        A request that may not have arrived is sent once more under the same id, by which the signer knows it again.
        """
        request_id = secrets.token_hex(16)
        for connection in self._candidates():
            try:
                answer = self._exchange(connection, method, path, body, request_id)
            except (http.client.HTTPException, OSError, ValueError) as error:
                connection.close()
                failure = error
                continue
            with self._lock:
                if len(self._idle) < _KEPT:
                    self._idle.append(connection)
                    return _read(answer)
            connection.close()
            return _read(answer)
        raise Unavailable("The key store does not answer. Try again shortly.", reason=type(failure).__name__)

    def _candidates(self) -> "list[http.client.HTTPConnection]":
        """A kept connection may have been closed at the other end: a new one then follows."""
        with self._lock:
            kept = [self._idle.pop()] if self._idle else []
        return [*kept, _connection(self._address)]

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: object, request_id: str
    ) -> Answer:
        headers = {
            "Authorization": f"Bearer {self._address.bearer}",
            "Request-Id": request_id,
            "Content-Type": "application/json",
        }
        encoded = None if body is None else json.dumps(body).encode()
        prefix = "" if self._address.scheme == "unix" else self._address.path
        connection.request(method, prefix + path, encoded, headers)
        response = connection.getresponse()
        content = response.read(MOST_ANSWER_BYTES + 1)
        if len(content) > MOST_ANSWER_BYTES:
            raise ValueError("the answer is too long")
        return Answer(response.status, json.loads(content) if content else None)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(address: RemoteAddress) -> http.client.HTTPConnection:
    if address.scheme == "unix":
        return _UnixConnection(address.path, address.timeout_seconds)
    if address.tls:
        return http.client.HTTPSConnection(
            address.host, address.port, timeout=address.timeout_seconds, context=address.tls
        )
    return http.client.HTTPConnection(address.host, address.port, timeout=address.timeout_seconds)


def _read(answer: Answer) -> Any:
    if 200 <= answer.status < 300:
        return answer.document
    document = answer.document if isinstance(answer.document, dict) else {}
    kind = _ERRORS.get(str(document.get("code")))
    if answer.status in (401, 403):
        raise ConfigurationError("The remote signer refuses us: {detail}", detail=str(document.get("detail", ""))[:200])
    if kind is None:
        raise Unavailable("The key store does not answer. Try again shortly.", reason=f"status {answer.status}")
    raise kind("The remote signer says: {detail}", detail=str(document.get("detail", ""))[:400])
