"""A KeyStore whose keys are on a token and never leave it.

A key is a private and a public object with the key's name for label and a random CKA_ID in common. Objects whose label
could not be a key name are somebody else's and left alone.
"""

import random
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from kernel.crypto.custody.pkcs11 import constants as ck
from kernel.crypto.custody.pkcs11.address import Pkcs11Address
from kernel.crypto.custody.pkcs11.key_kinds import KeyKind, key_kinds, read_public_key
from kernel.crypto.custody.pkcs11.module import AttributeValue, Pkcs11Error
from kernel.crypto.custody.pkcs11.pin_guard import PinGuard
from kernel.crypto.custody.pkcs11.sessions import Session, SessionPool
from kernel.crypto.keystore import check_key_name, is_key_name
from kernel.crypto.public_keys import load_public_key
from kernel.crypto.signatures import InvalidSignature, SigningAlgorithm, SigningKey
from kernel.errors import ConfigurationError, Conflict, IntegrityError, InvalidInput, NotFound

_ID_BYTES = 16
_TRIES = 5
_PROBE = b"a new key signs this once"


@dataclass(frozen=True)
class _Found:
    """A private key object as it was found; `handle` holds for one life of the module."""

    handle: int
    identifier: bytes
    life: int


@dataclass(repr=False)
class TokenKey:
    """A handle of Pkcs11KeyStore: signs on the token."""

    name: str
    algorithm: SigningAlgorithm
    public_spki: bytes
    _store: "Pkcs11KeyStore"
    _found: _Found

    def sign(self, data: bytes) -> bytes:
        """See SigningKey. Raises Unavailable while the token is away, NotFound once the key is destroyed."""
        return self._store.sign(self, data)

    def __repr__(self) -> str:
        return f"TokenKey({self.name}, {self.algorithm})"


class Pkcs11KeyStore:
    """See KeyStore. Raises Unavailable while the token is away, ConfigurationError when it refuses the PIN."""

    def __init__(self, address: Pkcs11Address, guard: PinGuard) -> None:
        """Nothing is opened yet; raises ConfigurationError when the module cannot be loaded."""
        self._pool = SessionPool(address, guard)
        self._kinds = key_kinds(address.sm2)

    def generate(self, name: str, algorithm: SigningAlgorithm) -> SigningKey:
        """See KeyStore. Raises ConfigurationError for an algorithm that the token does not have."""
        check_key_name(name)
        kind = self._kinds.get(algorithm)
        if kind is None:
            raise ConfigurationError(
                "The token has no mechanism for {algorithm} keys: place them elsewhere in XINYIN_KEYS.",
                algorithm=algorithm,
            )
        return self._pool.run(lambda session: self._make(session, name, kind), writing=True)

    def open(self, name: str) -> SigningKey:
        """See KeyStore."""
        check_key_name(name)
        return self._pool.run(lambda session: self._open(session, name))

    def exists(self, name: str) -> bool:
        check_key_name(name)
        return bool(self._pool.run(lambda session: _private_keys(session, name)))

    def names(self) -> list[str]:
        return self._pool.run(_names)

    def destroy(self, name: str) -> None:
        """See KeyStore. The token erases the key (C_DestroyObject)."""
        check_key_name(name)
        self._pool.run(lambda session: _destroy(session, name), writing=True)

    def sign(self, key: TokenKey, data: bytes) -> bytes:
        """What `TokenKey.sign` does."""
        kind = self._kinds[key.algorithm]
        prepared = kind.prepare(key.public_spki, data)

        def work(session: Session) -> bytes:
            if key._found.life != session.life:
                key._found = self._find_again(session, key)
            try:
                return session.module.sign(session.handle, kind.sign, key._found.handle, prepared)
            except Pkcs11Error as error:
                if error.value in (ck.CKR_KEY_HANDLE_INVALID, ck.CKR_OBJECT_HANDLE_INVALID):
                    key._found = self._find_again(session, key)  # raises NotFound once the key is destroyed
                raise

        return kind.encode(self._run_signing(work, kind))

    def _run_signing(self, work: Callable[[Session], bytes], kind: KeyKind) -> bytes:
        try:
            return self._pool.run(work)
        except Pkcs11Error as error:
            raise _unusable(kind, error) from error

    def _find_again(self, session: Session, key: TokenKey) -> _Found:
        for found in _private_keys(session, key.name):
            if found.identifier == key._found.identifier:
                return found
        raise NotFound("There is no key called {name}.", name=key.name)

    def _open(self, session: Session, name: str) -> TokenKey:
        found = _private_keys(session, name)
        for _ in range(_TRIES):
            if len(found) < 2:
                break
            time.sleep(0.05)  # two processes may be making the key at once; both see it and withdraw
            found = _private_keys(session, name)
        if not found:
            raise NotFound("There is no key called {name}.", name=name)
        if len(found) > 1:
            raise IntegrityError("The token has several keys called {name}.", name=name)
        return self._key(session, name, found[0])

    def _key(self, session: Session, name: str, found: _Found) -> TokenKey:
        public_spki = _public_key(session, name, found.identifier)
        try:
            algorithm = load_public_key(public_spki).algorithm
        except InvalidInput as error:
            raise IntegrityError("The key {name} on the token cannot be used.", name=name, reason=str(error)) from error
        if algorithm == "ES384" or algorithm not in self._kinds:
            raise ConfigurationError("The token's key {name} is of a kind that cannot sign here.", name=name)
        return TokenKey(name, algorithm, public_spki, self, found)

    def _make(self, session: Session, name: str, kind: KeyKind) -> TokenKey:
        """PKCS#11 lets names repeat. Whoever sees another key of the name withdraws their own and tries once more."""
        for _ in range(_TRIES):
            if _private_keys(session, name):
                break
            key = self._make_once(session, name, kind)
            try:
                alone = len(_private_keys(session, name)) == 1
            except BaseException:
                _destroy(session, name, key._found.identifier)
                raise
            if alone:
                return key
            _destroy(session, name, key._found.identifier)
            time.sleep(random.uniform(0.01, 0.2))  # noqa: S311  # a pause, not a secret
        raise Conflict("There is already a key called {name}.", name=name)

    def _make_once(self, session: Session, name: str, kind: KeyKind) -> TokenKey:
        identifier = secrets.token_bytes(_ID_BYTES)
        common: dict[int, AttributeValue] = {ck.CKA_TOKEN: True, ck.CKA_LABEL: name.encode(), ck.CKA_ID: identifier}
        public: dict[int, AttributeValue] = {**common, ck.CKA_VERIFY: True, **kind.public_template}
        private: dict[int, AttributeValue] = {
            **common,
            ck.CKA_PRIVATE: True,
            ck.CKA_SENSITIVE: True,
            ck.CKA_EXTRACTABLE: False,
            ck.CKA_SIGN: True,
        }
        try:
            _, handle = session.module.generate_key_pair(session.handle, kind.generate, public, private)
        except Pkcs11Error as error:
            if error.value in ck.MODULE_LOST | ck.SESSION_LOST:
                raise
            raise _unusable(kind, error) from error
        key = self._key(session, name, _Found(handle, identifier, session.life))
        try:
            self._prove(session, key, kind)
        except BaseException:
            _destroy(session, name, identifier)
            raise
        return key

    def _prove(self, session: Session, key: TokenKey, kind: KeyKind) -> None:
        """A key that does not do what its algorithm says (plain ECDSA on the SM2 curve) is found before it is used."""
        try:
            prepared = kind.prepare(key.public_spki, _PROBE)
            answer = session.module.sign(session.handle, kind.sign, key._found.handle, prepared)
            load_public_key(key.public_spki).verify(kind.encode(answer), _PROBE)
        except Pkcs11Error as error:
            if error.value in ck.MODULE_LOST | ck.SESSION_LOST:
                raise
            raise _unusable(kind, error) from error
        except InvalidSignature as error:
            raise _unusable(kind, error) from error


def _unusable(kind: KeyKind, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        "The token does not make {algorithm} signatures with mechanism {mechanism}.",
        algorithm=kind.algorithm,
        mechanism=hex(kind.sign),
        reason=str(error),
    )


def _private_keys(session: Session, name: str) -> list[_Found]:
    handles = session.module.find(session.handle, {ck.CKA_CLASS: ck.CKO_PRIVATE_KEY, ck.CKA_LABEL: name.encode()})
    read = ((handle, _read(session, handle, ck.CKA_ID)) for handle in handles)
    return [_Found(handle, identifier, session.life) for handle, identifier in read if identifier is not None]


def _read(session: Session, handle: int, kind: int) -> bytes | None:
    """An attribute, or None if another process destroyed the object since it was found."""
    try:
        return session.module.attribute(session.handle, handle, kind)
    except Pkcs11Error as error:
        if error.value == ck.CKR_OBJECT_HANDLE_INVALID:
            return None
        raise


def _names(session: Session) -> list[str]:
    keys = session.module.find(session.handle, {ck.CKA_CLASS: ck.CKO_PRIVATE_KEY, ck.CKA_TOKEN: True})
    labels = {(_read(session, key, ck.CKA_LABEL) or b"").decode("utf-8", "replace") for key in keys}
    return sorted(label for label in labels if is_key_name(label))


def _public_objects(session: Session, name: str, identifier: bytes) -> list[int]:
    template: dict[int, AttributeValue] = {
        ck.CKA_CLASS: ck.CKO_PUBLIC_KEY,
        ck.CKA_LABEL: name.encode(),
        ck.CKA_ID: identifier,
    }
    return session.module.find(session.handle, template)


def _public_key(session: Session, name: str, identifier: bytes) -> bytes:
    found = _public_objects(session, name, identifier)
    if not found:
        raise IntegrityError("The key {name} on the token has no public key beside it.", name=name)
    module, handle, item = session.module, session.handle, found[0]
    key_type = int.from_bytes(module.attribute(handle, item, ck.CKA_KEY_TYPE), sys.byteorder)
    return read_public_key(key_type, lambda kind: module.attribute(handle, item, kind))


def _destroy(session: Session, name: str, identifier: bytes | None = None) -> None:
    """The private half first: it is the one that matters."""
    found = [key for key in _private_keys(session, name) if identifier in (None, key.identifier)]
    if not found:
        raise NotFound("There is no key called {name}.", name=name)
    for key in found:
        session.module.destroy(session.handle, key.handle)
        for item in _public_objects(session, name, key.identifier):
            session.module.destroy(session.handle, item)
