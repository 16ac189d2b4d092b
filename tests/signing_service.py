"""`xinyin signer` as a process of its own, for tests."""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.servers import await_port, spare_port, stop

TOKEN = "a-token-of-the-tests-that-is-long-enough"
READER_TOKEN = "another-token-of-the-tests-that-may-sign"


@dataclass
class RunningSigner:
    """Its port, folder and process."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def address(self, token: str = TOKEN, *, scheme: str = "http", more: str = "") -> str:
        file = self.folder / f"bearer-{hashlib.sha256(token.encode()).hexdigest()[:8]}"
        file.write_text(token + "\n")
        return f"{scheme}://127.0.0.1:{self.port}?bearer-file={file}{more}"


def clients_file(folder: Path) -> Path:
    """`worker` may do everything, `reader` sign with `seal.*` only."""
    digest, reader = (hashlib.sha256(token.encode()).hexdigest() for token in (TOKEN, READER_TOKEN))
    path = folder / "clients.toml"
    path.write_text(
        f'[worker]\ntoken_sha256 = "{digest}"\nkeys = ["*"]\nmay = ["sign", "generate", "destroy"]\n'
        f'[reader]\ntoken_sha256 = "{reader}"\nkeys = ["seal.*"]\nmay = ["sign"]\n'
    )
    return path


@contextlib.contextmanager
def running_signer(folder: Path, *options: str, port: int | None = None, keys: str = "") -> Iterator[RunningSigner]:
    """Start it with its keys in `folder`, wait until it answers, stop it at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or spare_port()
    environment = {
        **os.environ,
        "XINYIN_KEYS": keys or f"file:{folder}/keys",
        "XINYIN_MASTER_KEY_FILE": str(folder / "master.key"),
        "XINYIN_KEY_STATE": str(folder / "state"),
    }
    command = [
        sys.executable,
        "-m",
        "xinyin",
        "signer",
        "--clients",
        str(clients_file(folder)),
        "--listen",
        f"127.0.0.1:{port}",
    ]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([*command, *options], env=environment, stderr=log)
    try:
        if "--listen" not in options:
            await_port(port, process)
        yield RunningSigner(port, folder, process)
    finally:
        stop(process)
