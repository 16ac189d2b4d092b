"""Raising a sealed PDF from level to level (EN 319 142-1 §6): what checking it later needs, and document time stamps.

B-B: the signature alone. B-T: time-stamped when made. B-LT: certificates, revocation lists and OCSP responses added in
a document security store. B-LTA: all of it under a document time stamp, which later ones can follow.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, enumerate_sig_fields
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp

from kernel.crypto.timestamps.token import TimestampToken
from kernel.errors import Conflict, InvalidInput
from seal.documents.pdf.objects import dictionary
from seal.documents.pdf.reading import readable
from seal.structures.cades import CadesSignature, Stamp, SuiteDigest, load_cades_signature
from seal.structures.fields import MalformedStructure

STAMP_HEX_DIGITS = 24576
"""Room for a time stamp with the certificates of its authority."""


@dataclass(frozen=True)
class Evidence:
    """What checking a signature later needs, all DER: certificates, revocation lists, OCSP responses."""

    certificates: Sequence[bytes] = ()
    crls: Sequence[bytes] = ()
    ocsp_responses: Sequence[bytes] = ()


NO_EVIDENCE = Evidence()


def add_evidence(pdf: bytes, evidence: Evidence) -> bytes:
    """The file with `evidence` for its last signature (§5.4.2). Raises `UnreadablePdf`."""

    def work() -> bytes:
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        store = _Store(writer)
        entries = store.add(evidence)
        signatures = list(PdfFileReader(BytesIO(pdf)).embedded_regular_signatures)
        if signatures:
            # Annex A of ISO 32000-2 names the entry by the hash of the contents as they stand, padding included.
            name = hashlib.sha1(bytes(signatures[-1].pkcs7_content), usedforsecurity=False).hexdigest().upper()
            store.note(name, entries)
        return _written(writer)

    return readable(work)


def add_document_timestamp(pdf: bytes, stamp: Stamp) -> bytes:
    """The file under a document time stamp (§5.4.3). Raises `UnreadablePdf`, and what `stamp` raises."""
    writer = readable(lambda: IncrementalPdfFileWriter(BytesIO(pdf)))

    def prepare() -> tuple[Any, bytes, BytesIO]:
        name = _free_name(writer)
        embedding: Any = PdfCMSEmbedder(SigFieldSpec(name, on_page=0)).write_cms(name, writer)
        next(embedding)
        embedding.send(SigObjSetup(_document_timestamp()))
        prepared, output = embedding.send(SigIOSetup(md_algorithm="sha256", in_place=True))
        return embedding, prepared.document_digest, output

    embedding, digest, output = readable(prepare)
    token = stamp(digest, "sha256")
    readable(lambda: embedding.send(token))
    return output.getvalue()


def awaited_stamps(pdf: bytes) -> list[tuple[bytes, SuiteDigest]]:
    """Over what time stamps are missing: the digests of the values of our signatures that have none, in order."""
    waiting = (signature for _gap, _resume, signature in _own_signatures(pdf) if not signature.timestamp)
    return readable(lambda: [(each.signature_digest, each.suite.digest_name) for each in waiting])


def complete_timestamp(pdf: bytes, token: bytes) -> bytes:
    """The file with a DER TimeStampToken for the signature that it is over: the stamp that was missing when it was
    sealed. Nothing that is signed changes; the token goes where the signature left room.

    Raises `UnreadablePdf`, and `Conflict` when no signature of ours is waiting for this stamp.
    """
    imprint = TimestampToken.load(token).imprint
    for gap, resume, signature in readable(lambda: list(_own_signatures(pdf))):
        if signature.signature_digest == imprint and not signature.timestamp:
            return _filled(pdf, gap, resume, signature.with_timestamp(token).encode())
    raise Conflict("No signature in the file is waiting for this time stamp.")


def _own_signatures(pdf: bytes) -> Iterator[tuple[int, int, CadesSignature]]:
    """Signatures in our form, each between where its place begins and ends."""
    for embedded in PdfFileReader(BytesIO(pdf)).embedded_regular_signatures:
        _start, gap, resume, _rest = (int(number) for number in embedded.byte_range)
        content = bytes(embedded.pkcs7_content)
        try:
            yield gap, resume, load_cades_signature(content[: der_length(content)])
        except MalformedStructure:
            continue


def _filled(pdf: bytes, gap: int, resume: int, content: bytes) -> bytes:
    digits, room = content.hex().encode(), resume - gap - 2
    if len(digits) > room:
        raise InvalidInput("There is no room left in the file for the time stamp.")
    return pdf[: gap + 1] + digits.ljust(room, b"0") + pdf[resume - 1 :]


def der_length(content: bytes) -> int:
    """The length of the DER element at the start; what follows must be padding."""
    if len(content) < 2 or content[1] < 0x80:
        return 2 + (content[1] if len(content) > 1 else 0)
    octets = content[1] & 0x7F
    return 2 + octets + int.from_bytes(content[2 : 2 + octets], "big")


class _Store:
    """The document security store (ISO 32000-2 §12.8.4.3); what is there already is kept."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        root = writer.root
        self._store: Any = root["/DSS"] if "/DSS" in root else dictionary({})
        if "/DSS" not in root:
            root["/DSS"] = writer.add_object(self._store)
            writer.update_root()
        else:
            writer.update_container(self._store)

    def add(self, evidence: Evidence) -> dict[str, list[Any]]:
        """Add what is not there yet; the references by the key of VRI entries."""
        return {
            "/Cert": self._list("/Certs", evidence.certificates),
            "/CRL": self._list("/CRLs", evidence.crls),
            "/OCSP": self._list("/OCSPs", evidence.ocsp_responses),
        }

    def note(self, name: str, entries: dict[str, list[Any]]) -> None:
        """Say which of it belongs to a signature."""
        if "/VRI" not in self._store:
            self._store["/VRI"] = dictionary({})
        entry = dictionary({key: generic.ArrayObject(refs) for key, refs in entries.items() if refs})
        self._store["/VRI"][pdf_name(f"/{name}")] = self._writer.add_object(entry)

    def _list(self, key: str, items: Sequence[bytes]) -> list[Any]:
        if not items:
            return []
        if key not in self._store:
            self._store[key] = generic.ArrayObject()
        listed: Any = self._store[key]
        present = [listed.raw_get(number) for number in range(len(listed))]
        known = {bytes(reference.get_object().data): reference for reference in present}
        references = []
        for item in items:
            if item not in known:
                known[item] = self._writer.add_object(generic.StreamObject(stream_data=item))
                listed.append(known[item])
            references.append(known[item])
        return references


def _document_timestamp() -> Any:
    make: Any = DocumentTimestamp
    return make(bytes_reserved=STAMP_HEX_DIGITS)


def _free_name(writer: Any) -> str:
    taken = {name for name, _value, _ref in enumerate_sig_fields(writer)}
    number = 1
    while f"TimeStamp{number}" in taken:
        number += 1
    return f"TimeStamp{number}"


def _written(writer: Any) -> bytes:
    output = BytesIO()
    writer.write(output)
    return output.getvalue()
