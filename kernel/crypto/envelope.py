"""Secrets at rest: each record under a key of its own, that key under a master key kept outside the database.

Record: version(1) suite(1) master key id(8) wrapped data key: nonce(12) key+tag, body: nonce(12) ciphertext+tag.
The context is authenticated in both, so a ciphertext moved to another column or row does not open.
"""

import os
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel.crypto import sm4
from kernel.errors import ConfigurationError, IntegrityError

Suite = Literal["AES-256-GCM", "SM4-GCM"]
IndexDigest = Literal["SHA-256", "SM3"]

MASTER_KEY_BYTES = 32

_VERSION = 1
_SUITES: dict[Suite, tuple[int, int]] = {"AES-256-GCM": (1, 32), "SM4-GCM": (2, 16)}  # number, key bytes
_SUITE_BY_NUMBER: dict[int, Suite] = {number: suite for suite, (number, _) in _SUITES.items()}
_KEY_ID_BYTES, _NONCE_BYTES, _TAG_BYTES = 8, 12, 16
_HEAD_BYTES = 2 + _KEY_ID_BYTES


class Envelope:
    """Encrypts records and makes blind indexes. Safe to share between threads.

    `master_key`: 32 random bytes, used for everything new. `previous`: earlier master keys, newest first, still opened.
    The blind index is keyed by the oldest key given, so that rotation does not lose what is stored: before dropping the
    oldest key, rewrap every record and rebuild every index.
    """

    def __init__(
        self,
        master_key: bytes,
        *,
        previous: Sequence[bytes] = (),
        suite: Suite = "AES-256-GCM",
        index_digest: IndexDigest = "SHA-256",
    ) -> None:
        masters = [master_key, *previous]
        if any(len(master) != MASTER_KEY_BYTES for master in masters):
            raise ConfigurationError("A master key has {count} bytes.", count=MASTER_KEY_BYTES)
        self._masters = {_derive(master, b"key id", _KEY_ID_BYTES): master for master in masters}
        self._current = _derive(master_key, b"key id", _KEY_ID_BYTES)
        self._suite: Suite = suite
        self._index_master = masters[-1]
        self._index_digest: hashes.HashAlgorithm = hashes.SHA256() if index_digest == "SHA-256" else hashes.SM3()

    def encrypt(self, plaintext: bytes, *, context: str) -> bytes:
        """Seal one record for one place; `context` names it, for example `idp_person.name:<id>`."""
        number, size = _SUITES[self._suite]
        data_key = os.urandom(size)
        head = bytes([_VERSION, number])
        wrapped = self._wrap(head, data_key, context)
        return head + self._current + wrapped + _seal(self._suite, data_key, plaintext, _body_data(head, context))

    def decrypt(self, ciphertext: bytes, *, context: str) -> bytes:
        """Open a record; raises IntegrityError if it was changed or belongs elsewhere."""
        suite, data_key, body = self._unwrap(ciphertext, context)
        return _open(suite, data_key, body, _body_data(ciphertext[:2], context))

    def needs_rewrap(self, ciphertext: bytes) -> bool:
        """Whether the record's key is wrapped by an earlier master key."""
        return ciphertext[2:_HEAD_BYTES] != self._current

    def rewrap(self, ciphertext: bytes, *, context: str) -> bytes:
        """The same record with its key under the current master key; the body stays as it is."""
        _, data_key, body = self._unwrap(ciphertext, context)
        head = ciphertext[:2]
        return head + self._current + self._wrap(head, data_key, context) + body

    def blind_index(self, purpose: str, value: str) -> str:
        """A keyed hash (64 hex digits) by which an encrypted `value` can be found, after NFKC.

        Different purposes give unrelated indexes. Equal values give equal ones, by design.
        """
        key = _derive(self._index_master, b"blind index " + purpose.encode(), 32)
        mac = hmac.HMAC(key, self._index_digest)
        mac.update(unicodedata.normalize("NFKC", value).encode())
        return mac.finalize().hex()

    def _wrap(self, head: bytes, data_key: bytes, context: str) -> bytes:
        suite = _SUITE_BY_NUMBER[head[1]]
        wrapping_key = _wrapping_key(self._masters[self._current], suite)
        return _seal(suite, wrapping_key, data_key, _key_data(head, self._current, context))

    def _unwrap(self, ciphertext: bytes, context: str) -> tuple[Suite, bytes, bytes]:
        head, key_id = ciphertext[:2], ciphertext[2:_HEAD_BYTES]
        if len(ciphertext) < _HEAD_BYTES or head[0] != _VERSION or head[1] not in _SUITE_BY_NUMBER:
            raise IntegrityError("The encrypted data is not whole.", reason="unknown envelope version or suite")
        suite = _SUITE_BY_NUMBER[head[1]]
        master = self._masters.get(key_id)
        if master is None:
            raise ConfigurationError("The master key {key_id} is not configured.", key_id=key_id.hex())
        end = _HEAD_BYTES + _NONCE_BYTES + _SUITES[suite][1] + _TAG_BYTES
        wrapped, body = ciphertext[_HEAD_BYTES:end], ciphertext[end:]
        data_key = _open(suite, _wrapping_key(master, suite), wrapped, _key_data(head, key_id, context))
        return suite, data_key, body


def _key_data(head: bytes, key_id: bytes, context: str) -> bytes:
    return b"xinyin data key\x00" + head + key_id + context.encode()


def _body_data(head: bytes, context: str) -> bytes:
    """Without the master key's id: the body outlives rotations."""
    return b"xinyin record\x00" + head + context.encode()


@lru_cache(maxsize=512)
def _derive(master: bytes, purpose: bytes, size: int) -> bytes:
    return HKDF(hashes.SHA256(), size, salt=None, info=b"xinyin envelope: " + purpose).derive(master)


def _wrapping_key(master: bytes, suite: Suite) -> bytes:
    return _derive(master, b"wrapping key " + suite.encode(), _SUITES[suite][1])


def _seal(suite: Suite, key: bytes, plaintext: bytes, associated_data: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    if suite == "SM4-GCM":
        return nonce + sm4.encrypt_gcm(key, nonce, plaintext, associated_data)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, associated_data)


def _open(suite: Suite, key: bytes, sealed: bytes, associated_data: bytes) -> bytes:
    nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    if len(ciphertext) < _TAG_BYTES:
        raise IntegrityError("The encrypted data is not whole.")
    if suite == "SM4-GCM":
        return sm4.decrypt_gcm(key, nonce, ciphertext, associated_data)
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, associated_data)
    except InvalidTag as error:
        raise IntegrityError("The encrypted data is not whole.") from error
