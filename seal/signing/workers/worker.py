"""The worker program: opens the key store itself, then does one thing after another until its pipe is closed.

Started as `python -m seal.signing.workers.worker FD`; the first message says where keys are.
"""

import signal
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from kernel.crypto.custody.opening import open_keystore
from kernel.crypto.keystore import KeyStore
from kernel.crypto.signatures import SigningKey
from kernel.crypto.startup.master_key import MasterKeyFile
from kernel.errors import IntegrityError, XinyinError
from seal.signing.pressing.press import press
from seal.signing.service_keys import open_service_key
from seal.signing.workers.wire import decode, encode, read_order, write_error
from seal.validation.transfer import read_trust
from seal.validation.trust import TrustStore

Reply = dict[str, Any]


class Worker:
    """Carries out what it is told. A refusal is a reply; anything unforeseen ends the process."""

    def __init__(self, keystore: KeyStore) -> None:
        self._keystore = keystore
        self._trust: tuple[str, TrustStore] = ("", TrustStore())
        self._tasks: Mapping[str, Callable[[Mapping[str, Any]], Reply]] = {
            "press": self._press,
            "trust": self._take_trust,
            "service_key": lambda told: _public(open_service_key(keystore, told["purpose"])),
            "generate": lambda told: _public(keystore.generate(told["name"], told["algorithm"])),
            "open": lambda told: _public(keystore.open(told["name"])),
            "sign": lambda told: {"signature": keystore.open(told["name"]).sign(told["data"])},
            "sign_service": lambda told: {"signature": open_service_key(keystore, told["purpose"]).sign(told["data"])},
            "exists": lambda told: {"exists": keystore.exists(told["name"])},
            "names": lambda _told: {"names": keystore.names()},
            "destroy": self._destroy,
        }

    def answer(self, message: Mapping[str, Any]) -> Reply:
        """The reply to one message."""
        try:
            return self._tasks[message["task"]](message)
        except XinyinError as refusal:
            return write_error(refusal)
        except Exception as failure:  # noqa: BLE001 - hostile files reach several parsers; the next order must be served
            return write_error(IntegrityError("This file could not be sealed.", reason=type(failure).__name__))

    def _destroy(self, told: Mapping[str, Any]) -> Reply:
        self._keystore.destroy(told["name"])
        return {"done": True}

    def _take_trust(self, told: Mapping[str, Any]) -> Reply:
        self._trust = (told["id"], read_trust(told["trust"]))
        return {"done": True}

    def _press(self, told: Mapping[str, Any]) -> Reply:
        known, trust = self._trust
        if told["trust"] != known:
            return {"unknown_trust": True}
        return {"sealed": press(read_order(told["order"], trust), self._keystore)}


def serve(connection: Connection) -> None:
    """Until the other side is gone."""
    settings = decode(connection.recv_bytes())
    masters = MasterKeyFile(Path(settings["master_key_file"]))
    worker = Worker(open_keystore(settings["keys"], masters, state=Path(settings["key_state"])))
    connection.send_bytes(encode({"ready": True}))
    while True:
        try:
            message = decode(connection.recv_bytes())
        except EOFError:
            return
        connection.send_bytes(encode(worker.answer(message)))


def _public(key: SigningKey) -> Reply:
    return {"algorithm": key.algorithm, "spki": key.public_spki}


def main() -> None:
    """Serve the pipe whose number is the argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to all; the service closes the pipe
    with Connection(int(sys.argv[1])) as connection:
        try:
            serve(connection)
        except (BrokenPipeError, ConnectionResetError, EOFError):
            pass  # the service is gone


if __name__ == "__main__":
    main()
