"""OpenSSL's command line as a judge that shares no code with us beyond its library."""

import subprocess
from pathlib import Path


def verifies_sm2(directory: Path, *, spki: bytes, signature: bytes, data: bytes) -> bool:
    """Whether `openssl dgst` accepts an SM2-with-SM3 signature (DER) with the standard's signer ID."""
    for name, content in (("key.der", spki), ("signature", signature), ("data", data)):
        (directory / name).write_bytes(content)
    subprocess.run(
        ["openssl", "pkey", "-pubin", "-inform", "DER", "-in", directory / "key.der", "-out", directory / "key.pem"],
        check=True,
        capture_output=True,
    )
    judged = subprocess.run(
        [
            "openssl", "dgst", "-sm3", "-verify", directory / "key.pem", "-sigopt", "distid:1234567812345678",
            "-signature", directory / "signature", directory / "data",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    return judged.returncode == 0 and "Verified OK" in judged.stdout
