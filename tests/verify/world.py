"""A small world around verification: a registry of standings, a PKI, QR keys, and an application to ask."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from kernel.crypto.cose import key_id, sign_cose
from kernel.crypto.envelope import Envelope
from kernel.crypto.jose import sign_jwt
from kernel.crypto.private_keys import PrivateKey, generate_key
from kernel.crypto.signatures import der_to_raw
from kernel.ephemeral.memory import InProcessStore
from kernel.errors import Gone, NotFound
from kernel.ids.licence_identifier import LicenceIdentifier
from kernel.web import problems
from kernel.web.locale import LocaleMiddleware
from kernel.web.security_headers import SecurityHeadersMiddleware
from kernel.web.templates import Pages
from licence_vault.layout.fonts import FontBook, load_fonts
from seal.client import SealerKey
from seal.documents.pdf.signing import PdfSealRequest, seal_pdf
from seal.validation.trust import TrustStore
from tests.seal.pki import NOW, Holder, SealPki
from verify import app as verify_app
from verify.receipt.receipt import ReceiptSigner
from verify.signed_reports.basis import ListUsed, Software
from verify.standing import LicenceStanding, LicenceState
from verify.trust_list.document import Anchor, PublishedSeal, QrKey, TrustList
from verify.trust_list.source import TrustSource, store_of
from verify.upload.judging.here import JudgesHere

ROOT = Path(__file__).parents[2]
HANDLE = "K5LUSQ2ZMFRGGZDFMZTWQ2LKNM"
CODE = "PRESENTEDCODEABCDEFGHIJKLM"
IDENTIFIER = str(LicenceIdentifier("11100000MB0143028R001", "11430000006122244L", "20250000000000000001", 1))
ISSUER = "示例市市场监督管理局"
PUBLIC_URL = "https://zhengzhao.example.cn"


def standing(state: LicenceState = LicenceState.VALID, **changes: Any) -> LicenceStanding:
    """A business licence in this state."""
    licence = LicenceStanding(
        identifier=IDENTIFIER,
        version=1,
        type_code="11100000MB0143028R001",
        type_name="营业执照",
        issuer_name=ISSUER,
        issuer_uscc="11430000006122244L",
        number_masked="**************244L",
        holder_masked="*******公司",
        valid_from=date(2025, 1, 1),
        valid_to=date(2029, 3, 1),
        state=state,
    )
    return replace(licence, **changes)


@dataclass
class Registry:
    """Standings and presentations as an issuer's service would hold them."""

    by_handle: dict[str, LicenceStanding] = field(default_factory=dict)
    by_digest: dict[str, LicenceStanding] = field(default_factory=dict)
    presented: dict[str, LicenceStanding] = field(default_factory=dict)
    lapsed: set[str] = field(default_factory=set)

    async def find_by_handle(self, handle: str) -> LicenceStanding | None:
        return self.by_handle.get(handle.upper())

    async def find_by_identifier(self, identifier: str) -> LicenceStanding | None:
        known = [*self.by_handle.values(), *self.by_digest.values()]
        return next((licence for licence in known if licence.identifier == identifier), None)

    async def state_on(self, identifier: str, day: date) -> LicenceState | None:
        return LicenceState.VALID

    async def find_by_file_digest(self, sha256: str) -> LicenceStanding | None:
        return self.by_digest.get(sha256)

    async def open(self, code: str) -> LicenceStanding:
        if code in self.lapsed:
            raise Gone("The code has lapsed.")
        if code not in self.presented:
            raise NotFound("There is no such code.")
        return self.presented[code]


@dataclass
class Signer:
    """Signs receipts as the service's own key would."""

    key: PrivateKey = field(default_factory=lambda: generate_key("ES256"))

    async def sign_receipt(self, claims: Mapping[str, object]) -> str:
        return sign_jwt(claims, self.key, typ="receipt+jwt")


@dataclass
class ReportSealer:
    """Signs reports with a certificate of this world's authority."""

    pki: SealPki
    holder: Holder = field(init=False)

    def __post_init__(self) -> None:
        self.holder = self.pki.p256.issue("reports")

    async def report_certificates(self) -> tuple[bytes, ...]:
        return (self.holder.certificate.der, self.pki.p256.issuing.certificate.der)

    async def sign_report_xml(self, signed_info: bytes) -> bytes:
        return der_to_raw(self.holder.key.sign(signed_info))

    async def sign_report_pdf(self, pdf: bytes) -> bytes:
        request = PdfSealRequest(
            signer=self.holder.key,
            certificates=await self.report_certificates(),
            picture=b"",
            seal_name="",
            positions=(),
            signed_at=NOW,
        )
        return seal_pdf(pdf, request)

    async def report_keys(self) -> list[SealerKey]:
        return [SealerKey("report", "ES256", self.holder.key.public_spki)]


class Circumstances:
    """Lists and a log that say the same every time."""

    async def seal_status_list(self) -> ListUsed:
        return ListUsed.of(f"{PUBLIC_URL}/api/v1/seals/status-list", b"seals")

    async def licence_status_list(self, identifier: str) -> ListUsed | None:
        return ListUsed.of(f"{PUBLIC_URL}/api/v1/status/1", b"licences")

    async def revocation_lists(self) -> list[ListUsed]:
        return [ListUsed.of("urn:xinyin:crl:1", b"crl")]

    async def log_checkpoint(self) -> str:
        return "zhengzhao.example.cn/log\n3\nAAAA\n"


@cache
def _fonts() -> FontBook:
    return load_fonts()


@dataclass
class Trust:
    """What this world believes."""

    pki: SealPki
    qr_key: PrivateKey = field(default_factory=lambda: generate_key("ES256"))
    anchored: bool = True
    more_qr_keys: list[QrKey] = field(default_factory=list)
    status_keys: list[QrKey] = field(default_factory=list)

    async def store(self) -> TrustStore:
        return store_of(await self.published())

    async def published(self) -> TrustList:
        roots = (self.pki.sm2.root, self.pki.p256.root) if self.anchored else ()
        return TrustList(
            issued_at=NOW,
            anchors=[Anchor(f"root {number}", root.certificate.der) for number, root in enumerate(roots)],
            intermediates=[each.issuing.certificate.der for each in (self.pki.sm2, self.pki.p256)],
            qr_keys=[qr_key_entry(self.qr_key), *self.more_qr_keys],
            status_keys=self.status_keys,
            seals=[PublishedSeal("99000000000001", ISSUER, ISSUER, "active", self.pki.signer.certificate.der)],
            crls=[self.pki.sm2.crl(), self.pki.p256.crl()],
        )


def qr_key_entry(key: PrivateKey) -> QrKey:
    return QrKey(key_id(key.public_spki).hex(), key.algorithm, key.public_spki, ISSUER)


def seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())


def signed_claims(key: PrivateKey, *, identifier: str = IDENTIFIER, valid_to: date = date(2029, 3, 1)) -> str:
    """The base32 part of a static QR code."""
    claims: dict[int, object] = {
        1: "11430000006122244L",
        2: identifier,
        4: seconds(valid_to),
        5: seconds(date(2025, 1, 1)),
        6: int(NOW.timestamp()),
        -70001: "营业执照",
        -70002: "**************244L",
        -70003: "*******公司",
    }
    return base64.b32encode(sign_cose(claims, key)).decode().rstrip("=")


def qr_text(key: PrivateKey, **changes: Any) -> str:
    """A whole static QR text."""
    return f"{PUBLIC_URL.upper()}/V/{HANDLE}#{signed_claims(key, **changes)}"


@dataclass
class World:
    """Everything, at one moment that tests may move."""

    pki: SealPki
    registry: Registry = field(default_factory=Registry)
    signer: Signer = field(default_factory=Signer)
    now: datetime = NOW
    status_lists: list[str] = field(default_factory=list)
    report_sealer: ReportSealer = field(init=False)

    def __post_init__(self) -> None:
        self.report_sealer = ReportSealer(self.pki)
        self.trust = Trust(self.pki)
        self.registry.by_handle[HANDLE] = standing()
        self.build(trust=self.trust, receipts=self.signer)

    async def status_tokens(self) -> list[str]:
        """The status lists of this world."""
        return self.status_lists

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)

    def build(self, *, trust: TrustSource, receipts: ReceiptSigner, standings: Any = None, judges: Any = None) -> None:
        """Put an application together over this trust and this signer."""
        self.app = app = FastAPI()
        problems.install(app)
        app.add_middleware(LocaleMiddleware)
        app.add_middleware(SecurityHeadersMiddleware)
        pages = Pages([ROOT / "verify", ROOT / "seal"])
        app.state.pages = pages
        app.state.verify = verify_app.build_services(
            verify_app.Neighbours(
                standings=standings or self.registry,
                presentations=standings or self.registry,
                trust=trust,
                receipts=receipts,
                store=InProcessStore(self.clock),
                judges=judges or JudgesHere(),
                status_tokens=self.status_tokens,
                reporting=verify_app.Reporting(
                    sealer=self.report_sealer,
                    fonts=_fonts,
                    envelope=Envelope(bytes(32)),
                    software=Software("Xinyin", "0.1.0"),
                    circumstances=Circumstances(),
                ),
            ),
            public_url=PUBLIC_URL,
            clock=self.clock,
        )
        app.router.routes.extend([*pages.static.routes(), *verify_app.page_routes()])
        app.include_router(verify_app.api_router())
