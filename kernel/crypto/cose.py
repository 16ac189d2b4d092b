"""COSE_Sign1 for QR codes (RFC 9052 §4.2): a map with integer keys, a 4-byte key id, 64 bytes of signature.

Only the one deterministic encoding written here is read. The signature is checked before the payload is decoded, so
nothing a stranger wrote reaches the CBOR decoder.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import cbor2

from kernel.crypto.signatures import InvalidSignature, PublicKey, SigningKey, der_to_raw, raw_to_der
from kernel.errors import InvalidInput

MAX_MESSAGE_BYTES = 4096
KEY_ID_BYTES = 4

_ALGORITHMS: Mapping[str, int] = {"ES256": -7, "SM2-SM3": -70501}
"""ES256 is registered; SM2 is not, so it has a number of the private-use range (below -65536), ours alone."""

_TAGGED_ARRAY_OF_FOUR = b"\xd2\x84"
_EMPTY_MAP = b"\xa0"
_SIGNATURE_HEAD = b"\x58\x40"


def key_id(spki: bytes) -> bytes:
    """The 4-byte key id: the start of SHA-256 over DER SubjectPublicKeyInfo. Not unique by itself."""
    return hashlib.sha256(spki).digest()[:KEY_ID_BYTES]


def sign_cose(claims: Mapping[int, object], key: SigningKey) -> bytes:
    """Tagged COSE_Sign1 over `claims`; raises InvalidInput for a key type or size that does not fit."""
    algorithm = _ALGORITHMS.get(key.algorithm)
    if algorithm is None:
        raise InvalidInput("Only P-256 and SM2 keys sign QR codes.")
    if not all(isinstance(name, int) for name in claims):
        raise InvalidInput("The claims of a QR code are named by numbers.")
    protected = _protected(algorithm, key_id(key.public_spki))
    payload = cbor2.dumps(dict(claims), canonical=True)
    signature = der_to_raw(key.sign(_to_be_signed(protected, payload)))
    message = b"".join(
        (
            _TAGGED_ARRAY_OF_FOUR,
            cbor2.dumps(protected),
            _EMPTY_MAP,
            cbor2.dumps(payload),
            _SIGNATURE_HEAD,
            signature,
        )
    )
    if len(message) > MAX_MESSAGE_BYTES:
        raise InvalidInput("This is too much for a QR code.")
    return message


def verify_cose(message: bytes, find_keys: Callable[[bytes], Sequence[PublicKey]]) -> dict[int, object]:
    """The claims of a message signed by a key that `find_keys` gives for its key id; raises InvalidSignature."""
    if len(message) > MAX_MESSAGE_BYTES or not message.startswith(_TAGGED_ARRAY_OF_FOUR):
        raise InvalidSignature(reason="not a COSE_Sign1 message")
    protected, position = _read_bytes(message, 2)
    if message[position : position + 1] != _EMPTY_MAP:
        raise InvalidSignature(reason="unprotected headers are not empty")
    payload, position = _read_bytes(message, position + 1)
    if message[position : position + 2] != _SIGNATURE_HEAD or len(message) != position + 2 + 64:
        raise InvalidSignature(reason="not a 64-byte signature")
    signature = raw_to_der(message[position + 2 :])
    kid = protected[-KEY_ID_BYTES:]
    for key in find_keys(kid):
        algorithm = _ALGORITHMS.get(key.algorithm)
        if algorithm is None or protected != _protected(algorithm, kid):
            continue
        try:
            key.verify(signature, _to_be_signed(protected, payload))
        except InvalidSignature:
            continue
        return _decode_claims(payload)
    raise InvalidSignature(reason="no key fits the signature")


def unverified_key_id(message: bytes) -> bytes:
    """The key id a message names, of which nothing is proven; raises InvalidSignature."""
    return _read_bytes(message, 2)[0][-KEY_ID_BYTES:]


def _protected(algorithm: int, kid: bytes) -> bytes:
    return cbor2.dumps({1: algorithm, 4: kid}, canonical=True)


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure of RFC 9052 §4.4, without external data."""
    return cbor2.dumps(["Signature1", protected, b"", payload])


def _read_bytes(message: bytes, position: int) -> tuple[bytes, int]:
    """One byte string with the shortest length, and where it ends."""
    head = message[position : position + 1]
    if head and 0x40 <= head[0] <= 0x57:
        start, length = position + 1, head[0] - 0x40
    elif head == b"\x58":
        start, length = position + 2, int.from_bytes(message[position + 1 : position + 2], "big")
    elif head == b"\x59":
        start, length = position + 3, int.from_bytes(message[position + 1 : position + 3], "big")
    else:
        raise InvalidSignature(reason="not a byte string")
    content = message[start : start + length]
    if len(content) != length or message[position:start] != cbor2.dumps(content)[: start - position]:
        raise InvalidSignature(reason="byte string is cut or oddly encoded")
    return content, start + length


def _decode_claims(payload: bytes) -> dict[int, object]:
    try:
        claims = cbor2.loads(payload)
    except (cbor2.CBORDecodeError, ValueError, RecursionError) as error:
        raise InvalidSignature(reason="signed payload is not CBOR") from error
    if not isinstance(claims, dict) or not all(isinstance(name, int) for name in claims):
        raise InvalidSignature(reason="signed payload is not a map of numbers")
    return claims
