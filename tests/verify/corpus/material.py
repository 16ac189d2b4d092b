"""What the corpus is made of: files that were really sealed, and the keys of attackers beside those of the house."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from kernel.crypto.sm3 import sm3
from seal.documents.ofd.archive import read_archive, write_archive
from seal.documents.ofd.signing import OfdSealRequest, seal_ofd
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.documents.positions import StampPosition
from seal.structures.gbt38540 import SignatureContents, make_signature
from seal.validation.trust import SealStatus, TrustStore
from tests.licence_vault.layout.samples import example
from tests.seal.pki import NOW, SEAL_CODE, SEAL_NAME, TINY_PNG, Authority, Holder, SealPki
from tests.verify.corpus.log_material import SampleLog
from tests.verify.corpus.signed_material import SignedMaterial
from verify.trust_list.document import TrustList

PLACE = StampPosition(1, 120, 150, 42, 42)
SIGN = "Doc_0/Signs/Sign_0"
DESCRIPTION, VALUE, ESL, LIST = (
    f"{SIGN}/Signature.xml",
    f"{SIGN}/SignedValue.dat",
    f"{SIGN}/Seal.esl",
    "Doc_0/Signs/Signatures.xml",
)
FOOD = "food-business.json"
BUSINESS = "business-licence.json"


@dataclass(frozen=True)
class Statuses:
    """The register of seals as verification knows it."""

    standings: Mapping[str, SealStatus]

    def __call__(self, code: str) -> SealStatus | None:
        return self.standings.get(code)

    def items(self) -> list[tuple[str, SealStatus]]:
        return list(self.standings.items())


@dataclass
class Material:
    """Sealed by one agency; every case bends a copy."""

    pki: SealPki = field(default_factory=SealPki)
    foreign: SealPki = field(default_factory=SealPki)
    signed: SignedMaterial = field(default_factory=SignedMaterial)
    log: SampleLog = field(default_factory=SampleLog)

    def __post_init__(self) -> None:
        day = timedelta(days=1)
        self.revoked_signer = self.pki.sm2.issue("revoked signer")
        self.revoked_maker = self.pki.sm2.issue("revoked seal maker")
        self.revoked_pdf_signer = self.pki.p256.issue("revoked signer")
        self.stranger = self.pki.sm2.issue("somebody else")
        self.pdf_stranger = self.pki.p256.issue("somebody else")
        crls = (
            self.pki.sm2.crl((self.revoked_signer, NOW - day, 1), (self.revoked_maker, NOW - day, 1)),
            self.pki.p256.crl((self.revoked_pdf_signer, NOW - day, 1)),
        )
        authorities = (self.pki.sm2, self.pki.p256)
        self.trust = replace(
            TrustStore.of(
                *(each.root.certificate.der for each in authorities),
                intermediates=tuple(each.issuing.certificate.der for each in authorities),
                crls=crls,
            ),
            seal_status=Statuses({SEAL_CODE: SealStatus("active", NOW - timedelta(days=30))}),
        )

    async def store(self) -> TrustStore:
        """What the house believes (a `TrustSource`)."""
        return self.trust

    async def published(self) -> TrustList:
        """The keys; files are judged by `store`."""
        return TrustList(issued_at=NOW, **self.signed.keys)

    @cached_property
    def plain_ofd(self) -> bytes:
        """A food licence, drawn and not sealed."""
        return example(FOOD).ofd

    @cached_property
    def plain_pdf(self) -> bytes:
        """The same as PDF."""
        return example(FOOD).pdf

    @cached_property
    def ofd(self) -> bytes:
        """Sealed; it passes."""
        return self.seal_ofd()

    @cached_property
    def other_ofd(self) -> bytes:
        """Another licence by the same seal."""
        return self.seal_ofd(example(BUSINESS).ofd)

    @cached_property
    def pdf(self) -> bytes:
        """Sealed; it passes."""
        return self.seal_pdf()

    @cached_property
    def other_pdf(self) -> bytes:
        """Another licence by the same seal."""
        return self.seal_pdf(example(BUSINESS).pdf)

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The files of the sealed OFD."""
        return read_archive(self.ofd)

    def seal_ofd(
        self, ofd: bytes | None = None, *, signer: Holder | None = None, seal: bytes | None = None, at: datetime = NOW
    ) -> bytes:
        """An OFD as the house's own sealer makes it."""
        signer = signer or self.pki.signer
        request = OfdSealRequest(seal or self.pki.make_seal(signer), signer.key, signer.certificate.der, [PLACE], at)
        return seal_ofd(ofd or self.plain_ofd, request)

    def seal_pdf(
        self,
        pdf: bytes | None = None,
        *,
        signer: Holder | None = None,
        authority: Authority | None = None,
        at: datetime = NOW,
    ) -> bytes:
        """A PDF as the house's own sealer makes it."""
        signer = signer or self.pki.pdf_signer
        certificates = signer.certificate.der, (authority or self.pki.p256).issuing.certificate.der
        request = PdfSealRequest(signer.key, certificates, TINY_PNG, SEAL_NAME, [PLACE], at)
        return seal_pdf(pdf or self.plain_pdf, request)

    def packed(self, **changes: bytes | None) -> bytes:
        """The sealed package written by our own writer, files changed or (None) gone; `__` stands for a slash."""
        return self.repacked({name.replace("__", "/"): content for name, content in changes.items()})

    def repacked(self, changes: Mapping[str, bytes | None]) -> bytes:
        """The same with names as they are."""
        files = {**self.files, **changes}
        return write_archive({name: content for name, content in files.items() if content is not None})

    def resigned(
        self,
        files: Mapping[str, bytes],
        *,
        signer: Holder | None = None,
        certificate: bytes | None = None,
        seal: bytes | None = None,
        at: datetime = NOW,
    ) -> bytes:
        """The package with its description signed anew by `signer`, as an insider or impostor would."""
        signer = signer or self.pki.signer
        contents = SignatureContents(seal or files[ESL], sm3(files[DESCRIPTION]), f"/{DESCRIPTION}", at)
        value = make_signature(contents, signer.key, certificate or signer.certificate.der)
        return write_archive({**files, VALUE: value})
