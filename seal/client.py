"""What others ask of sealing. The service behind it may run in this process or in another; no key code is reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from kernel.crypto.signatures import SigningAlgorithm
from seal.documents.levels import PadesLevel
from seal.documents.positions import StampPosition

SealableFormat = Literal["ofd", "pdf"]
ClaimsAlgorithm = Literal["ES256", "SM2-SM3"]
CREDENTIAL_TYPES = frozenset({"dc+sd-jwt", "licence+jwt"})
"""What credentials call themselves: an SD-JWT VC, and a licence as signed JSON."""


@dataclass(frozen=True)
class DocumentToSeal:
    """A file and where its seal goes.

    `purpose`: what for, where documents that are sealed together differ in that. `drawn_here`: the caller drew it
    itself just now, with no signature in it; of several such only the first is judged whole after sealing.
    """

    format: SealableFormat
    data: bytes
    positions: Sequence[StampPosition]
    purpose: str = ""
    drawn_here: bool = False


@dataclass(frozen=True)
class SealManner:
    """How to seal. `reason`: written into the signature of a PDF. `closing`: nobody may sign after this seal.
    `level`: of the signature in a PDF; an OFD is time-stamped from B-T on, and has no higher level."""

    reason: str = ""
    closing: bool = False
    level: PadesLevel = "B-B"


@dataclass(frozen=True)
class SignedClaims:
    """A COSE_Sign1 message and the id of the key that signed it (4 bytes, as in its header)."""

    message: bytes
    key_id: bytes


@dataclass(frozen=True)
class SealerKey:
    """A published key: SubjectPublicKeyInfo as DER, and its `purpose`: "claims" or "claims_sm2" (of QR codes),
    "checkpoint", "receipt", "status" or "credential"."""

    purpose: str
    algorithm: SigningAlgorithm
    spki: bytes


class Sealer(Protocol):
    """Seals documents with a registered seal (by its id or its 14-digit code) and signs what goes with licences.

    `purpose` says in the seal's record of uses what it was used for: a short code and a reference, nothing personal.
    `licence_type`: the code of what is being issued, for the seal's policy of use.
    """

    async def seal_ofd(
        self, ofd: bytes, seal_id: str, positions: Sequence[StampPosition], *, purpose: str = "", licence_type: str = ""
    ) -> bytes:
        """The sealed OFD, checked. Raises NotFound, Forbidden (policy), Conflict (not in use, closed), InvalidInput."""
        ...

    async def seal_pdf(
        self, pdf: bytes, seal_id: str, positions: Sequence[StampPosition], *, purpose: str = "", licence_type: str = ""
    ) -> bytes:
        """The sealed PDF, checked. Raises as `seal_ofd`."""
        ...

    async def seal_together(
        self, documents: Sequence[DocumentToSeal], seal_id: str, *, purpose: str = "", licence_type: str = ""
    ) -> Sequence[bytes]:
        """The sealed files in order, all or none, in one step that is cheaper than one by one. Raises as `seal_ofd`."""
        ...

    async def sign_claims(self, claims: Mapping[int, object], algorithm: ClaimsAlgorithm = "ES256") -> SignedClaims:
        """A signed claim set for a QR code (COSE_Sign1, RFC 9052)."""
        ...

    async def sign_all_claims(
        self, claims: Sequence[Mapping[int, object]], algorithm: ClaimsAlgorithm = "ES256"
    ) -> Sequence[SignedClaims]:
        """Each claim set signed, in order; cheaper than one by one."""
        ...

    async def sign_checkpoint(self, note: bytes) -> bytes:
        """The Ed25519 signature (64 bytes) over a log checkpoint's text (C2SP signed-note)."""
        ...

    async def sign_receipt(self, claims: Mapping[str, object]) -> str:
        """A compact JWS (ES256, `typ` "receipt+jwt", `kid` the key's thumbprint) over a verification receipt."""
        ...

    async def sign_status_list(self, claims: Mapping[str, object]) -> str:
        """A compact JWS (ES256, `typ` "statuslist+jwt", `kid` the key's thumbprint) over a status list."""
        ...

    async def sign_seal_status(self, claims: Mapping[str, object]) -> str:
        """A compact JWS (ES256, `typ` "seal-status+jwt") over the standing of seals, by the key of status lists."""
        ...

    async def sign_credential(self, claims: Mapping[str, object], typ: str) -> str:
        """A compact JWS (ES256, `kid` the key's thumbprint) over a licence's claims. `typ`: one of `CREDENTIAL_TYPES`.

        Raises InvalidInput for another `typ`: this key signs credentials and nothing else.
        """
        ...

    async def public_keys(self) -> Sequence[SealerKey]:
        """The keys that check claims, checkpoints, receipts, status lists and credentials."""
        ...


class ReportSealer(Protocol):
    """Signs reports on what was verified, by a key of the service that signs nothing else."""

    async def report_certificates(self) -> Sequence[bytes]:
        """DER: the certificate of that key, then its issuers without the root."""
        ...

    async def sign_report_xml(self, signed_info: bytes) -> bytes:
        """The ES256 signature (64 bytes, r and s) over a canonical `ds:SignedInfo`; InvalidInput for anything else."""
        ...

    async def sign_report_pdf(self, pdf: bytes) -> bytes:
        """The PDF with an invisible PAdES signature, time-stamped (B-T) where stamps are to be had, else B-B."""
        ...

    async def report_keys(self) -> Sequence[SealerKey]:
        """The key in use and its predecessors; their purpose is "report"."""
        ...
