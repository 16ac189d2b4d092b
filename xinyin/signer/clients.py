"""Who may use the signer: a TOML file of clients, each with the digest of its token and what it may do.

[worker-1]
token_sha256 = "9f86d081884c7d65…"          # sha256sum of the token, without a line end
keys = ["seal-*", "service-*"]
may = ["sign", "generate"]                  # sign, generate, destroy; listing and public keys go with any
"""

import hashlib
import hmac
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from kernel.errors import AuthenticationRequired, ConfigurationError, Forbidden

Right = Literal["sign", "generate", "destroy"]
RIGHTS = ("sign", "generate", "destroy")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SignerClient:
    """One program with a token. `keys`: patterns of names, with `*`."""

    name: str
    token_sha256: str
    keys: Sequence[str]
    may: frozenset[str]

    def check(self, right: Right, key: str) -> None:
        """Raises Forbidden unless this client has that right to that key."""
        if right not in self.may or not self.sees(key):
            raise Forbidden("This client may not do that with this key.")

    def sees(self, key: str) -> bool:
        """Whether the key is one of this client's."""
        return any(fnmatchcase(key, pattern) for pattern in self.keys)


def read_clients(path: Path) -> list[SignerClient]:
    """Read the file; raises ConfigurationError naming the client that is wrong."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError("{path} cannot be read: {problem}.", path=path, problem=error.strerror) from error
    except ValueError as error:
        raise ConfigurationError("{path} is not TOML: {problem}", path=path, problem=str(error)) from error
    clients = [_read(name, entry) for name, entry in document.items()]
    if not clients:
        raise ConfigurationError("{path} names no client.", path=path)
    if len({client.token_sha256 for client in clients}) != len(clients):
        raise ConfigurationError("Two clients in {path} have the same token.", path=path)
    return clients


def find_client(clients: Sequence[SignerClient], authorization: str) -> SignerClient:
    """The client whose token this `Authorization` header carries; raises AuthenticationRequired."""
    scheme, _, token = authorization.partition(" ")
    digest = hashlib.sha256(token.strip().encode()).hexdigest()
    found = [client for client in clients if hmac.compare_digest(client.token_sha256, digest)]
    if scheme.lower() != "bearer" or not found:
        raise AuthenticationRequired("Show a token that this signer knows.")
    return found[0]


def _read(name: str, entry: Any) -> SignerClient:
    if not isinstance(entry, Mapping) or set(entry) != {"token_sha256", "keys", "may"}:
        raise _wrong(name, "give token_sha256, keys and may")
    digest, keys, may = entry["token_sha256"], entry["keys"], entry["may"]
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise _wrong(name, "token_sha256 is 64 hex digits")
    if not isinstance(keys, list) or not keys or not all(isinstance(each, str) and each for each in keys):
        raise _wrong(name, "keys is a list of patterns")
    if not isinstance(may, list) or not all(each in RIGHTS for each in may):
        raise _wrong(name, "may is a list of sign, generate, destroy")
    return SignerClient(name, digest, tuple(keys), frozenset(may))


def _wrong(name: str, problem: str) -> ConfigurationError:
    return ConfigurationError("The client {name} is wrong: {problem}.", name=name, problem=problem)
