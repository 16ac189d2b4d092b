"""SM2 signatures made and verified: ours through ctypes, against `openssl speed`, the same library driven from C."""

import re
import subprocess
from collections.abc import Callable, Iterator

from benchmarks.measuring import Result, rate, result_of
from kernel.crypto.private_keys import generate_key
from kernel.crypto.public_keys import load_public_key

ROUNDS = 6
SECONDS = 1
MESSAGE = bytes(20)
"""As long as what `openssl speed` signs."""
_DONE = re.compile(r"^Doing .* (sign|verify) CurveSM2's .*: (\d+) .* in ([\d.]+)s", re.MULTILINE)


def run() -> Iterator[Result]:
    """Compare both, in turns with the program."""
    key = generate_key("SM2-SM3")
    public, signature = load_public_key(key.public_spki), key.sign(MESSAGE)
    works: dict[str, Callable[[], object]] = {
        "sign": lambda: key.sign(MESSAGE),
        "verify": lambda: public.verify(signature, MESSAGE),
    }
    ours: dict[str, list[float]] = {kind: [] for kind in works}
    ceiling: dict[str, list[float]] = {kind: [] for kind in works}
    for _ in range(ROUNDS):
        said = subprocess.run(
            ["openssl", "speed", "-seconds", str(SECONDS), "sm2"], capture_output=True, text=True, check=True
        )
        for kind, count, seconds in _DONE.findall(said.stderr):
            ceiling[kind].append(int(count) / float(seconds))
        for kind, work in works.items():
            ours[kind].append(rate(work, SECONDS))
    for kind, name in (("sign", "SM2 signature made"), ("verify", "SM2 signature verified")):
        yield result_of(name, ours[kind], ceiling[kind], peer_name="openssl speed, from C", goal=0.9)
