"""The peer that makes a sealed licence as a tutorial would: drawn by reportlab, sealed by pyHanko as it comes."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from seal.picture.round_seal import RoundSeal, draw_round_seal
from tests.houses import AGENCY, food_order
from tests.licence_vault.layout.samples import QR
from xinyin.house import DEBIAN_FONTS

FONT = DEBIAN_FONTS / "LXGWWenKai-Regular.ttf"
NAME = "reportlab + pyHanko SimpleSigner (one PDF, RSA-2048, not stored)"


class Peer:
    """The same face, label by label and value by value, with its code and its seal; without frame and ornaments."""

    def __init__(self, folder: Path) -> None:
        pdfmetrics.registerFont(TTFont("WenKai", str(FONT)))
        seal = draw_round_seal(RoundSeal(AGENCY.name, "99999900000001", DEBIAN_FONTS / "LXGWWenKai-Bold.ttf"))
        self._seal = folder / "seal.png"
        self._seal.write_bytes(seal)
        self._signer = _signer(folder)

    def issue(self) -> bytes:
        """Draw, seal, and give the bytes."""
        page = io.BytesIO()
        self._draw(page)
        writer = IncrementalPdfFileWriter(page)
        fields.append_signature_field(writer, fields.SigFieldSpec("Seal", box=(580, 40, 700, 160)))
        out = io.BytesIO()
        signers.sign_pdf(writer, signers.PdfSignatureMetadata(field_name="Seal"), self._signer, output=out)
        return out.getvalue()

    def _draw(self, file: io.BytesIO) -> None:
        canvas = Canvas(file, pagesize=landscape(A4))
        canvas.setFont("WenKai", 40)
        canvas.drawCentredString(148 * mm, 170 * mm, "食品经营许可证")
        canvas.setFont("WenKai", 13)
        for row, (name, value) in enumerate(food_order()["fields"].items()):
            canvas.drawString(30 * mm, (150 - 9 * row) * mm, f"{name} {value}")
        code = Drawing(30 * mm, 30 * mm)
        code.add(QrCodeWidget(QR, barWidth=30 * mm, barHeight=30 * mm))
        renderPDF.draw(code, canvas, 30 * mm, 30 * mm)
        canvas.drawImage(str(self._seal), 209 * mm, 36 * mm, 42 * mm, 42 * mm, mask="auto")
        canvas.save()


def _signer(folder: Path) -> signers.SimpleSigner:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "peer-key.pem", folder / "peer.pem"
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))
    certificate_file.write_bytes(certificate.public_bytes(encoding))
    signer = signers.SimpleSigner.load(str(key_file), str(certificate_file))
    assert signer is not None
    return signer
