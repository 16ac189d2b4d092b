"""SM2 verification in pure Python, for machines whose OpenSSL was built without it.

Verify only: its timing depends on its inputs, which are all public here. Never sign with code like this.
"""

from functools import cache

from kernel.crypto.backend.sm2_curve import GX, GY, N, P, check_signature_range, message_digest
from kernel.crypto.signatures import InvalidSignature

Jacobian = tuple[int, int, int]
Affine = tuple[int, int]

_INFINITY: Jacobian = (1, 1, 0)
_WINDOW = 5


def verify(point: bytes, signature: tuple[int, int], data: bytes, identifier: bytes) -> None:
    """GB/T 32918.2 §7.1 over a point already known to be on the curve; raises InvalidSignature."""
    r, s = signature
    check_signature_range(r, s)
    public = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
    x, _, z = _add(_multiply_base(s), _multiply(public, (r + s) % N))
    if not z:
        raise InvalidSignature(reason="SM2 verification reached infinity")
    affine_x = x * pow(z, -2, P) % P
    if (message_digest(point, data, identifier) + affine_x - r) % N:
        raise InvalidSignature(reason="SM2 verification failed")


def _double(point: Jacobian) -> Jacobian:
    x, y, z = point
    if not y or not z:
        return _INFINITY
    yy = y * y % P
    s = 4 * x * yy % P
    zz = z * z % P
    m = 3 * (x - zz) * (x + zz) % P  # a = -3
    nx = (m * m - 2 * s) % P
    return nx, (m * (s - nx) - 8 * yy * yy) % P, 2 * y * z % P


def _add(left: Jacobian, right: Jacobian) -> Jacobian:
    if not left[2]:
        return right
    if not right[2]:
        return left
    x1, y1, z1 = left
    x2, y2, z2 = right
    z1z1, z2z2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * z2z2 % P, x2 * z1z1 % P
    s1, s2 = y1 * z2 * z2z2 % P, y2 * z1 * z1z1 % P
    h, w = (u2 - u1) % P, (s2 - s1) % P
    if not h:
        return _INFINITY if w else _double(left)
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (w * w - hhh - 2 * v) % P
    return x3, (w * (v - x3) - s1 * hhh) % P, z1 * z2 * h % P


def _multiply(point: Affine, scalar: int) -> Jacobian:
    """Width-5 signed windows over odd multiples."""
    doubled = _double((*point, 1))
    odd: list[Jacobian] = [(*point, 1)]
    for _ in range(2 ** (_WINDOW - 2) - 1):
        odd.append(_add(odd[-1], doubled))
    result = _INFINITY
    for digit in reversed(_signed_digits(scalar)):
        result = _double(result)
        if digit:
            x, y, z = odd[abs(digit) >> 1]
            result = _add(result, (x, y if digit > 0 else P - y, z))
    return result


def _signed_digits(scalar: int) -> list[int]:
    digits = []
    while scalar:
        digit = 0
        if scalar & 1:
            digit = scalar % 2**_WINDOW
            if digit >= 2 ** (_WINDOW - 1):
                digit -= 2**_WINDOW
            scalar -= digit
        digits.append(digit)
        scalar >>= 1
    return digits


@cache
def _base_multiples() -> list[list[Jacobian]]:
    """For each of the 64 hex places of a scalar, G times 0..15 in that place."""
    table = []
    place: Jacobian = (GX, GY, 1)
    for _ in range(64):
        row = [_INFINITY]
        for _ in range(15):
            row.append(_add(row[-1], place))
        table.append(row)
        place = _add(row[-1], place)
    return table


def _multiply_base(scalar: int) -> Jacobian:
    result = _INFINITY
    for row in _base_multiples():
        result = _add(result, row[scalar & 15])
        scalar >>= 4
    return result
