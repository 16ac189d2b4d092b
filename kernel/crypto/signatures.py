"""What both sides of a signature share: algorithms, the two key protocols, the error, the (r, s) encodings.

Neutral on purpose: verifiers may import it, since it reaches no private key.
"""

from typing import Literal, Protocol, runtime_checkable

from kernel.errors import InvalidInput

SigningAlgorithm = Literal["SM2-SM3", "ES256", "RS256", "Ed25519"]
"""What we sign with."""

VerifyingAlgorithm = Literal["SM2-SM3", "ES256", "ES384", "RS256", "Ed25519"]
"""What we can check: the above, and P-384 in foreign certificates."""


class InvalidSignature(InvalidInput):
    """The signature does not hold over the data, or is not a signature at all."""

    code = "invalid-signature"

    def __init__(self, *, reason: str | None = None) -> None:
        super().__init__("The signature is not valid.", reason=reason)


class SigningKey(Protocol):
    """A private key one may use without seeing it."""

    @property
    def algorithm(self) -> SigningAlgorithm: ...

    @property
    def public_spki(self) -> bytes:
        """The public half, DER SubjectPublicKeyInfo."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Sign `data` (hashed inside), in the X.509 encoding: DER (r, s) for EC and SM2."""
        ...


@runtime_checkable
class PssSigner(Protocol):
    """A key that can also sign with RSASSA-PSS and SHA-256 (RFC 7518 §3.5); raises InvalidInput if it is not RSA."""

    def sign_pss(self, data: bytes) -> bytes: ...


NO_PSS = "This key cannot sign with RSASSA-PSS."


class PublicKey(Protocol):
    """A key to check signatures with."""

    @property
    def algorithm(self) -> VerifyingAlgorithm: ...

    @property
    def spki(self) -> bytes:
        """DER SubjectPublicKeyInfo."""
        ...

    def verify(self, signature: bytes, data: bytes) -> None:
        """Check `signature` (X.509 encoding) over `data`; raises InvalidSignature."""
        ...


def encode_signature(r: int, s: int) -> bytes:
    """DER `SEQUENCE { r INTEGER, s INTEGER }` (GB/T 35276 §7.4, RFC 3279 §2.2.3)."""
    content = _encode_integer(r) + _encode_integer(s)
    return b"\x30" + _encode_length(len(content)) + content


def decode_signature(der: bytes) -> tuple[int, int]:
    """Read (r, s) from strict DER; raises InvalidSignature for any other encoding of the same numbers."""
    if len(der) < 8 or len(der) > 141 or der[0] != 0x30:
        raise InvalidSignature(reason="not a DER signature")
    r, rest = _decode_integer(der[3:] if der[1] == 0x81 else der[2:])
    s, rest = _decode_integer(rest)
    if rest or r < 0 or s < 0 or encode_signature(r, s) != der:
        raise InvalidSignature(reason="signature is not strict DER")
    return r, s


def raw_to_der(raw: bytes) -> bytes:
    """Turn r||s of equal halves (JOSE, COSE, some seal platforms) into DER."""
    half, odd = divmod(len(raw), 2)
    if odd or half not in (32, 48):
        raise InvalidSignature(reason="raw signature has the wrong length")
    return encode_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


def der_to_raw(der: bytes, half: int = 32) -> bytes:
    """Turn a DER (r, s) into r||s of `half` bytes each."""
    r, s = decode_signature(der)
    if max(r.bit_length(), s.bit_length()) > half * 8:
        raise InvalidSignature(reason="signature numbers are too large")
    return r.to_bytes(half, "big") + s.to_bytes(half, "big")


def read_signature(signature: bytes) -> bytes:
    """DER from either encoding met in the wild, DER or 64 bytes r||s (both occur in sealed files)."""
    try:
        decode_signature(signature)
    except InvalidSignature:
        return raw_to_der(signature)
    return signature


def _encode_length(length: int) -> bytes:
    return bytes([length]) if length < 0x80 else bytes([0x81, length])


def _encode_integer(value: int) -> bytes:
    body = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
    return b"\x02" + _encode_length(len(body)) + body


def _decode_integer(der: bytes) -> tuple[int, bytes]:
    if len(der) < 3 or der[0] != 0x02 or not 0 < der[1] <= min(len(der) - 2, 0x7F):
        raise InvalidSignature(reason="signature is not two integers")
    end = 2 + der[1]
    return int.from_bytes(der[2:end], "big", signed=True), der[end:]
