"""The recommended SM2 curve (GB/T 32918.5) and the checks that need no secret."""

from kernel.crypto.signatures import InvalidSignature
from kernel.crypto.sm3 import sm3

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0


def is_on_curve(x: int, y: int) -> bool:
    """Whether (x, y) is a point of the curve (never the point at infinity)."""
    return 0 <= x < P and 0 <= y < P and (y * y - (x * x + A) * x - B) % P == 0


def check_signature_range(r: int, s: int) -> None:
    """GB/T 32918.2 §7.1 B1, B2, B5: r, s in [1, n-1] and r + s not n; raises InvalidSignature."""
    if not (0 < r < N and 0 < s < N and (r + s) % N):
        raise InvalidSignature(reason="r or s is out of range")


def message_digest(point: bytes, data: bytes, identifier: bytes) -> int:
    """e = SM3(ZA || M) of GB/T 32918.2 §5.5, §7.1; `point` is 04 || X || Y."""
    if len(identifier) > 8191:
        raise InvalidSignature(reason="signer ID is too long")
    constants = b"".join(value.to_bytes(32, "big") for value in (A, B, GX, GY))
    za = sm3((len(identifier) * 8).to_bytes(2, "big") + identifier + constants + point[1:])
    return int.from_bytes(sm3(za + data), "big")
