"""QR codes as inline SVG, so that a secret is never an address of its own."""

import qrcode
from markupsafe import Markup

QUIET_ZONE = 4

_SVG = Markup(
    '<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="{label}" shape-rendering="crispEdges">'
    '<rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/></svg>'
)


def qr_svg(text: str, label: str) -> Markup:
    """A QR code (ISO/IEC 18004, error correction M) to stand in a page; `label` is what it is, for screen readers."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=QUIET_ZONE)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    path = "".join(
        f"M{column},{row}h1v1h-1z"
        for row, modules in enumerate(matrix)
        for column, is_dark in enumerate(modules)
        if is_dark
    )
    return _SVG.format(size=len(matrix), path=path, label=label)
