"""Where private keys are kept. Callers get handles that sign, never the key.

Import-restricted as `private_keys` is. What keeps keys (files, an HSM, a remote signer) is in `kernel.crypto.custody`.
"""

import re
from typing import Protocol

from kernel.crypto.signatures import SigningAlgorithm, SigningKey
from kernel.errors import InvalidInput

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")


class KeyStore(Protocol):
    """Named signing keys. Names: lower-case letters, digits, `.`, `_`, `-`. Calls may block: use a thread."""

    def generate(self, name: str, algorithm: SigningAlgorithm) -> SigningKey:
        """Make and keep a new key; durable when this returns. Raises Conflict if the name is taken."""
        ...

    def open(self, name: str) -> SigningKey:
        """A handle to sign with; raises NotFound."""
        ...

    def exists(self, name: str) -> bool: ...

    def names(self) -> list[str]:
        """All names, sorted."""
        ...

    def destroy(self, name: str) -> None:
        """Forget the key for good; raises NotFound. Open handles of this process stop finding it too."""
        ...


def is_key_name(name: str) -> bool:
    """Whether a key may be called so."""
    return _NAME.fullmatch(name) is not None


def check_key_name(name: str) -> None:
    """Raises InvalidInput for a name that no key may have."""
    if not is_key_name(name):
        raise InvalidInput("A key name is made of lower-case letters, digits, dots, hyphens and underscores.")
