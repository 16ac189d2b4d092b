"""SoftHSM2 as the tests' hardware security module: in this process, or behind p11-kit where it can be killed."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
CLIENT = next(iter(Path("/usr/lib").glob("*/pkcs11/p11-kit-client.so")), Path("/usr/lib/pkcs11/p11-kit-client.so"))
PIN, WRONG_PIN = "2604-1973", "0000"


@dataclass(frozen=True)
class SoftHsm:
    """A folder of tokens. `conf` is what SOFTHSM2_CONF must name in the process that loads the module."""

    directory: Path

    @classmethod
    def make(cls, directory: Path, *tokens: str) -> "SoftHsm":
        """New tokens, each with PIN for its PIN."""
        (directory / "tokens").mkdir(parents=True)
        hsm = cls(directory)
        hsm.conf.write_text(
            f"directories.tokendir = {directory}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        for token in tokens:
            command = ["softhsm2-util", "--init-token", "--free", "--label", token, "--pin", PIN, "--so-pin", PIN]
            subprocess.run(command, check=True, env=hsm.environment, capture_output=True)
        return hsm

    @property
    def conf(self) -> Path:
        return self.directory / "softhsm2.conf"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SOFTHSM2_CONF": str(self.conf)}

    def address(self, token: str, pin: str = PIN, *, module: str = MODULE, more: str = "") -> str:
        """What XINYIN_KEYS would say, the PIN in a file."""
        file = self.directory / f"pin-{pin}"
        file.write_text(pin + "\n")
        return f"pkcs11:token={token}?module-path={quote(module)}&pin-source=file:{quote(str(file))}{more}"

    def pkcs11_tool(self, token: str, *arguments: str) -> str:
        """OpenSC's program on a token, as an administrator would use it."""
        command = ["pkcs11-tool", "--module", MODULE, "--token-label", token, "--login", "--pin", PIN, *arguments]
        ran = subprocess.run(command, check=True, env=self.environment, capture_output=True, text=True)
        return ran.stdout


class P11KitServer:
    """SoftHSM in processes of their own (`p11-kit server`): what a module is to us when it can die on its own."""

    def __init__(self, hsm: SoftHsm) -> None:
        self.hsm = hsm
        self.socket = hsm.directory / "p11.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        command = ["p11-kit", "server", "-f", "-n", str(self.socket), "--provider", MODULE, "pkcs11:"]
        self._process = subprocess.Popen(
            command, env=self.hsm.environment, stdout=subprocess.DEVNULL, start_new_session=True
        )
        end = time.monotonic() + 10
        while not self.socket.exists():
            assert time.monotonic() < end, "p11-kit server does not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL to the server and to the process it keeps for each client."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @contextlib.contextmanager
    def running(self) -> Iterator["P11KitServer"]:
        self.start()
        try:
            yield self
        finally:
            self.kill()
