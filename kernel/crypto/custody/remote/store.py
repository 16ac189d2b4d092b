"""A KeyStore whose keys another program keeps."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, get_args

from kernel.crypto.custody.remote.address import RemoteAddress
from kernel.crypto.custody.remote.connections import SignerConnections
from kernel.crypto.keystore import check_key_name, is_key_name
from kernel.crypto.public_keys import load_public_key
from kernel.crypto.signatures import InvalidSignature, SigningAlgorithm, SigningKey
from kernel.errors import IntegrityError, InvalidInput, NotFound

_ALGORITHMS: tuple[SigningAlgorithm, ...] = get_args(SigningAlgorithm)


@dataclass(frozen=True, repr=False)
class RemoteKey:
    """A handle of RemoteKeyStore. Every signature is verified before it is believed."""

    name: str
    algorithm: SigningAlgorithm
    public_spki: bytes
    _connections: SignerConnections

    def sign(self, data: bytes) -> bytes:
        """See SigningKey. Raises Unavailable while the signer is away, NotFound once the key is destroyed."""
        body = {"data": base64.b64encode(data).decode(), "public_key": base64.b64encode(self.public_spki).decode()}
        answer = self._connections.request("POST", f"/v1/keys/{self.name}/signatures", body)
        signature = _bytes(answer, "signature")
        try:
            load_public_key(self.public_spki).verify(signature, data)
        except InvalidSignature as error:
            raise _unreadable("the signature does not hold") from error
        return signature

    def __repr__(self) -> str:
        return f"RemoteKey({self.name}, {self.algorithm})"


class RemoteKeyStore:
    """See KeyStore. Raises Unavailable while the signer is away, ConfigurationError when it refuses us."""

    def __init__(self, address: RemoteAddress) -> None:
        self._connections = SignerConnections(address)

    def generate(self, name: str, algorithm: SigningAlgorithm) -> SigningKey:
        """See KeyStore."""
        check_key_name(name)
        answer = self._connections.request("POST", "/v1/keys", {"name": name, "algorithm": algorithm})
        return self._key(name, answer)

    def open(self, name: str) -> SigningKey:
        """See KeyStore."""
        check_key_name(name)
        try:
            return self._key(name, self._connections.request("GET", f"/v1/keys/{name}"))
        except NotFound as error:
            raise NotFound("There is no key called {name}.", name=name) from error

    def exists(self, name: str) -> bool:
        try:
            self.open(name)
        except NotFound:
            return False
        return True

    def names(self) -> list[str]:
        answer = self._connections.request("GET", "/v1/keys")
        names = answer.get("names") if isinstance(answer, dict) else None
        if not isinstance(names, list):
            raise _unreadable("no names")
        return sorted(name for name in names if isinstance(name, str) and is_key_name(name))

    def destroy(self, name: str) -> None:
        """See KeyStore."""
        check_key_name(name)
        try:
            self._connections.request("DELETE", f"/v1/keys/{name}")
        except NotFound as error:
            raise NotFound("There is no key called {name}.", name=name) from error

    def _key(self, name: str, answer: Any) -> RemoteKey:
        public_spki = _bytes(answer, "public_key")
        try:
            found = load_public_key(public_spki).algorithm
        except InvalidInput as error:
            raise _unreadable("the public key cannot be read") from error
        algorithm = next((each for each in _ALGORITHMS if each == found), None)
        if algorithm is None or answer.get("name") != name:
            raise _unreadable("another key than was asked for")
        return RemoteKey(name, algorithm, public_spki, self._connections)


def _bytes(answer: Any, member: str) -> bytes:
    try:
        return base64.b64decode(answer[member], validate=True)
    except (KeyError, TypeError, binascii.Error, ValueError) as error:
        raise _unreadable(f"no {member}") from error


def _unreadable(reason: str) -> IntegrityError:
    return IntegrityError("The remote signer's answer cannot be used.", reason=reason)
