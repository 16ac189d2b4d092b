"""A QR code as the path of an inline SVG, so that it is sharp at any size."""

from dataclasses import dataclass

import qrcode
from qrcode.constants import ERROR_CORRECT_M


@dataclass(frozen=True)
class QrImage:
    """`side` modules with the quiet zone; `path` for an SVG with `viewBox="0 0 side side"`."""

    side: int
    path: str


def draw_qr(text: str) -> QrImage:
    """Error correction M, four modules of quiet zone."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    dark = ((x, y) for y, row in enumerate(matrix) for x, module in enumerate(row) if module)
    return QrImage(len(matrix), "".join(f"M{x} {y}h1v1h-1z" for x, y in dark))
