"""Secrets at rest: each record under a key of its own, that key under a master key kept outside the database.

Record: version(1) suite(1) master key id(8) wrapped data key: nonce(12) key+tag, body: nonce(12) ciphertext+tag.
The context is authenticated in both, so a ciphertext moved to another column or row does not open.
"""

import os
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, Self

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


@dataclass(frozen=True)
class MasterKeys:
    """The master keys of a house, 32 bytes each. `others` still open records: earlier ones, and the one to come.

    `staged`, one of them, is the one to come, if it is there already. `lasting` outlives rotations: blind indexes and
    all that is compared over years are keyed by it.
    """

    current: bytes = field(repr=False)
    others: tuple[bytes, ...] = field(default=(), repr=False)
    lasting: bytes = field(default=b"", repr=False)
    staged: bytes = field(default=b"", repr=False)

    @property
    def earlier(self) -> tuple[bytes, ...]:
        """The others that records may still hang on."""
        return tuple(key for key in self.others if key != self.staged)

    def __post_init__(self) -> None:
        if not self.lasting:
            object.__setattr__(self, "lasting", (self.current, *self.others)[-1])
        if any(len(master) != MASTER_KEY_BYTES for master in (self.current, *self.others, self.lasting)):
            raise ConfigurationError("A master key has {count} bytes.", count=MASTER_KEY_BYTES)


def master_key_id(master: bytes) -> bytes:
    """The eight bytes by which a record names the master key that it hangs on."""
    return _derive(master, b"key id", _KEY_ID_BYTES)


KEY_ID_AT = slice(2, _HEAD_BYTES)
"""Where a record names its master key."""


class Envelope:
    """Encrypts records and makes blind indexes. Safe to share between threads.

    `master_key`: 32 random bytes, used for everything new. `previous`: earlier master keys, newest first, still opened.
    The blind index is keyed by the oldest key given. `Envelope.following` takes keys that may change while it is used.
    """

    def __init__(
        self,
        master_key: bytes,
        *,
        previous: Sequence[bytes] = (),
        suite: Suite = "AES-256-GCM",
        index_digest: IndexDigest = "SHA-256",
    ) -> None:
        keys = MasterKeys(master_key, tuple(previous))
        self._source: Callable[[], MasterKeys] = lambda: keys
        self._suite: Suite = suite
        self._index_digest: hashes.HashAlgorithm = hashes.SHA256() if index_digest == "SHA-256" else hashes.SM3()

    @classmethod
    def following(cls, source: Callable[[], MasterKeys], *, suite: Suite = "AES-256-GCM") -> Self:
        """An envelope whose keys `source` tells at every use, so that rotation reaches running processes."""
        envelope = cls(source().current, suite=suite)
        envelope._source = source
        return envelope

    def encrypt(self, plaintext: bytes, *, context: str) -> bytes:
        """Seal one record for one place; `context` names it, for example `idp_person.name:<id>`."""
        number, size = _SUITES[self._suite]
        data_key = os.urandom(size)
        head = bytes([_VERSION, number])
        wrapped = _wrap(self._source().current, head, data_key, context)
        return head + wrapped + _seal(self._suite, data_key, plaintext, _body_data(head, context))

    def decrypt(self, ciphertext: bytes, *, context: str) -> bytes:
        """Open a record; raises IntegrityError if it was changed or belongs elsewhere."""
        suite, data_key, body = self._unwrap(ciphertext, context)
        return _open(suite, data_key, body, _body_data(ciphertext[:2], context))

    def needs_rewrap(self, ciphertext: bytes) -> bool:
        """Whether the record's key is wrapped by an earlier master key."""
        return ciphertext[KEY_ID_AT] != self.current_key_id

    def rewrap(self, ciphertext: bytes, *, context: str) -> bytes:
        """The same record with its key under the current master key; the body stays as it is."""
        _, data_key, body = self._unwrap(ciphertext, context)
        head = ciphertext[:2]
        return head + _wrap(self._source().current, head, data_key, context) + body

    @property
    def current_key_id(self) -> bytes:
        """What everything new hangs on."""
        return master_key_id(self._source().current)

    def blind_index(self, purpose: str, value: str) -> str:
        """A keyed hash (64 hex digits) by which an encrypted `value` can be found, after NFKC.

        Different purposes give unrelated indexes. Equal values give equal ones, by design.
        """
        key = _derive(self._source().lasting, b"blind index " + purpose.encode(), 32)
        mac = hmac.HMAC(key, self._index_digest)
        mac.update(unicodedata.normalize("NFKC", value).encode())
        return mac.finalize().hex()

    def _unwrap(self, ciphertext: bytes, context: str) -> tuple[Suite, bytes, bytes]:
        head, key_id = ciphertext[:2], ciphertext[KEY_ID_AT]
        if len(ciphertext) < _HEAD_BYTES or head[0] != _VERSION or head[1] not in _SUITE_BY_NUMBER:
            raise IntegrityError("The encrypted data is not whole.", reason="unknown envelope version or suite")
        suite = _SUITE_BY_NUMBER[head[1]]
        keys = self._source()
        master = next((each for each in (keys.current, *keys.others) if master_key_id(each) == key_id), None)
        if master is None:
            raise ConfigurationError("The master key {key_id} is not configured.", key_id=key_id.hex())
        end = _HEAD_BYTES + _NONCE_BYTES + _SUITES[suite][1] + _TAG_BYTES
        wrapped, body = ciphertext[_HEAD_BYTES:end], ciphertext[end:]
        data_key = _open(suite, _wrapping_key(master, suite), wrapped, _key_data(head, key_id, context))
        return suite, data_key, body


def _wrap(master: bytes, head: bytes, data_key: bytes, context: str) -> bytes:
    """The id of the master key, and the data key under it."""
    key_id, wrapping_key = master_key_id(master), _wrapping_key(master, _SUITE_BY_NUMBER[head[1]])
    return key_id + _seal(_SUITE_BY_NUMBER[head[1]], wrapping_key, data_key, _key_data(head, key_id, context))


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
