"""Sealing and checking, with the keys in reach. No file leaves that our own verification would not pass."""

from kernel.crypto.keystore import KeyStore
from kernel.errors import Conflict, IntegrityError, InvalidInput
from seal.authority.profiles import family_of, seal_key_name
from seal.client import DocumentToSeal, SealManner
from seal.documents.levels import STAMPED
from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.signing.pressing.alike import check_alike
from seal.signing.pressing.order import PressOrder
from seal.validation.report import Indication
from seal.validation.service import validate_document


def press(order: PressOrder, keystore: KeyStore) -> list[bytes]:
    """Seal each document and check it. Blocks; see `Press.press` for what it raises.

    Of documents drawn here the first of each format is judged whole, the others on what they differ in.
    """
    results, judged = [], set[str]()
    for document in order.documents:
        sealed = _seal(document, order, keystore)
        if document.drawn_here and document.format in judged and order.manner == SealManner():
            check_alike(document, sealed, order.seal)
        else:
            _check(sealed, order)
            if document.drawn_here:
                judged.add(document.format)
        results.append(sealed)
    return results


def _seal(document: DocumentToSeal, order: PressOrder, keystore: KeyStore) -> bytes:
    signed_at = order.at.replace(microsecond=0)
    seal = order.seal
    if document.format == "ofd":
        ofd_request = OfdSealRequest(
            seal=seal.esl,
            signer=keystore.open(seal.sm2_key_name or seal_key_name(seal.id, "sm2")),
            certificate=seal.sm2_certificate,
            positions=document.positions,
            signed_at=signed_at,
            protection="whole" if order.manner.closing else "continue",
        )
        return seal_ofd(document.data, ofd_request)
    if not seal.p256_certificates:
        raise Conflict("This seal was made elsewhere and has a key for OFD files only.")
    request = PdfSealRequest(
        signer=keystore.open(seal_key_name(seal.id, family_of(seal.p256_certificates[0]))),
        certificates=seal.p256_certificates,
        picture=seal.picture,
        seal_name=seal.name,
        positions=document.positions,
        signed_at=signed_at,
        reason=order.manner.reason or None,
        closing=order.manner.closing,
        awaits_stamp=order.manner.level in STAMPED,
    )
    return seal_pdf(document.data, request)


def _check(sealed: bytes, order: PressOrder) -> None:
    report = validate_document(sealed, order.trust, at=order.at)
    last = report.signatures[-1] if report.signatures else None
    if last is None or last.verdict.indication is not Indication.PASSED or not last.covers_whole_document:
        verdict = last.verdict if last else report.verdict
        raise IntegrityError("The sealed file did not pass our own check.", reason=str(verdict))
    if report.indication is Indication.FAILED:
        raise InvalidInput("The document carries an earlier signature that does not hold.")
