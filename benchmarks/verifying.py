"""Sealed files judged, with seal, revocation and difference checks; the peer is pyHanko alone, told the root.

No peer in Python judges an OFD: pyHanko has the PDF of the same licence there too.
"""

import asyncio
import io
from collections.abc import Iterator

from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from benchmarks.measuring import Result, compare
from seal.validation.report import Indication
from seal.validation.service import validate_document
from tests.houses import TestHouse, food_order


def run(world: TestHouse, loop: asyncio.AbstractEventLoop) -> Iterator[Result]:
    """Compare the judging of one and the same file."""
    vault = world.house.licence_vault
    licence = loop.run_until_complete(vault.issuing.issue(food_order(), world.requester()))
    ofd, pdf = (loop.run_until_complete(vault.lookup.file(licence, format)) for format in ("ofd", "pdf"))
    trust = loop.run_until_complete(world.house.seal.publication.trust_store())
    roots = [Certificate.load(anchor.der) for anchor in trust.anchors if anchor.signature_algorithm != SM2]

    def ours(file: bytes) -> None:
        assert validate_document(file, trust, at=world.clock()).indication is Indication.PASSED

    def peer() -> None:
        signature = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=roots, allow_fetching=False))
        assert status.intact

    name = "pyHanko validate_pdf_signature"
    yield compare("sealed PDF verified", lambda: ours(pdf), peer, peer_name=name, goal=1.0)
    yield compare("sealed OFD verified", lambda: ours(ofd), peer, peer_name=f"{name}, of the PDF")


SM2 = "1.2.156.10197.1.501"
