"""Small PDF files, written by hand."""


def minimal_pdf(*, pages: int = 1, rotation: int = 0, before_text: str = "") -> bytes:
    """A PDF of A4 pages with one line of text each, with a classic cross-reference table.

    `before_text`: operators that come first on every page.
    """
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(pages))
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} /MediaBox [0 0 595.276 841.89] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number in range(pages):
        drawing = f"{before_text}BT /F1 24 Tf 72 720 Td (Licence, page {number + 1}) Tj ET"
        turned = f" /Rotate {rotation}" if rotation else ""
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R{turned} /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * number} 0 R >>"
        )
        bodies.append(f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream")
    output = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(output))
        output += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(output)
    output += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    output += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    output += f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(output)
