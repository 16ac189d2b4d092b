"""A licence drawn and sealed in memory, one format at a time, as a bulk worker does between its visits to the database.

The peer draws and seals the same page as a PDF; neither checks here what it made, or keeps it.
"""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import cycle

from benchmarks.measuring import Result, compare
from benchmarks.peer import NAME, Peer
from licence_vault.issuing.rendering import draw
from licence_vault.issuing.stamping import stamp_positions
from licence_vault.layout.document import LicenceDocument
from licence_vault.layout.ofd import write_ofd
from licence_vault.layout.pdf.writing import write_pdf
from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.picture.round_seal import RoundSeal, draw_round_seal
from seal.structures.gbt38540 import SealPicture, make_seal
from tests.houses import AGENCY
from tests.licence_vault.layout.samples import QR, draft_of, fonts, shipped_type
from tests.seal.pki import NOW, SEAL_CODE, SealPki, contents
from xinyin.house import DEBIAN_FONTS

TYPE = "food-business.json"


def run(peer: Peer) -> Iterator[Result]:
    """Compare each format with the one that the peer makes."""
    bench = _Bench()
    for format, make in (("OFD", bench.make_ofd), ("PDF", bench.make_pdf)):
        yield compare(f"licence drawn and sealed, {format}", make, peer.issue, peer_name=NAME, goal=40)


class _Bench:
    """Keys, certificates and the seal at hand, as in a worker that has begun."""

    def __init__(self) -> None:
        pki = SealPki()
        picture = draw_round_seal(RoundSeal(AGENCY.name, SEAL_CODE, DEBIAN_FONTS / "LXGWWenKai-Bold.ttf"))
        what = contents((pki.signer,), NOW - timedelta(days=30), NOW + timedelta(days=300))
        what = replace(what, picture=SealPicture("PNG", picture, 42, 42))
        places = stamp_positions(shipped_type(TYPE))
        esl = make_seal(what, pki.maker.key, pki.maker.certificate.der)
        self._drafts = cycle([draft_of(shipped_type(TYPE)) for _ in range(256)])
        self._ofd = OfdSealRequest(esl, pki.signer.key, pki.signer.certificate.der, places, NOW)
        certificates = pki.pdf_signer.certificate.der, pki.p256.issuing.certificate.der
        self._pdf = PdfSealRequest(pki.pdf_signer.key, certificates, picture, AGENCY.name, places, NOW)

    def make_ofd(self) -> bytes:
        """A new licence."""
        return seal_ofd(write_ofd(self._drawn(), fonts()), self._ofd)

    def make_pdf(self) -> bytes:
        """A new licence."""
        return seal_pdf(write_pdf(self._drawn(), fonts()), self._pdf)

    def _drawn(self) -> LicenceDocument:
        """A licence of its own number and code, so that nothing of it is at hand; its order was checked before."""
        return draw(next(self._drafts), QR[:-16] + secrets.token_hex(8).upper(), fonts())
