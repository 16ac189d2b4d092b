"""A licence issued: drawn as OFD and PDF, both sealed and checked, stored, logged, audited, durable in SQLite.

The peer does less: one page drawn by reportlab and sealed by pyHanko's `SimpleSigner`, kept in memory.
"""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from benchmarks.measuring import Result, compare
from seal.picture.round_seal import RoundSeal, draw_round_seal
from tests.houses import AGENCY, TestHouse, food_order
from xinyin.house import DEBIAN_FONTS

FONT = DEBIAN_FONTS / "LXGWWenKai-Regular.ttf"


def run(world: TestHouse, loop: asyncio.AbstractEventLoop, folder: Path) -> Result:
    """Compare issuing."""
    issuing = world.house.licence_vault.issuing
    peer = Peer(folder)
    return compare(
        "licence issued",
        lambda: loop.run_until_complete(issuing.issue(food_order(), world.requester())),
        peer.issue,
        peer_name="reportlab + pyHanko SimpleSigner (one PDF, RSA-2048, not stored)",
        goal=40,
    )


class Peer:
    """The same face, label by label and value by value, the way a tutorial would do it."""

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
