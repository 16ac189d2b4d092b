"""From the holder's click to the credential in the wallet."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from kernel.audit.chain import Actor, AuditEvent, AuditTrail
from kernel.clock import Clock
from kernel.crypto.envelope import Envelope
from kernel.crypto.jose import InvalidToken
from kernel.crypto.possession.key_proof import check_key_proof
from kernel.database.engine import Database
from kernel.ephemeral.store import EphemeralStore
from kernel.errors import Gone, InvalidInput, NotFound
from licence_vault.catalogue.service import Catalogue
from licence_vault.forms.holder_keys import check_holder_key
from licence_vault.forms.service import LicenceForms
from licence_vault.licences.licence import Licence, LicenceStatus
from licence_vault.lookup.service import Lookup
from licence_vault.wallets.addresses import WalletAddresses
from licence_vault.wallets.errors import WalletError
from licence_vault.wallets.metadata import PRE_AUTHORIZED, configuration_id, issuer_metadata, server_metadata
from licence_vault.wallets.offers import DIGITS, NONCE_SECONDS, TOKEN_SECONDS, Offered, Offers


@dataclass(frozen=True)
class WalletParts:
    """What wallets are served with."""

    store: EphemeralStore
    database: Database
    audit: AuditTrail
    clock: Clock
    envelope: Envelope
    catalogue: Catalogue
    lookup: Lookup
    forms: LicenceForms
    public_url: str


@dataclass(frozen=True)
class MadeOffer:
    """An offer for the holder's page: what the QR code holds, and the digits that the wallet will ask for."""

    link: str
    digits: str


class Wallets:
    """Everything that wallets ask of the vault."""

    def __init__(self, parts: WalletParts) -> None:
        self._parts = parts
        self._offers = Offers(parts.store)
        self._addresses = WalletAddresses(parts.public_url)

    async def offer(self, licence: Licence, subject: str) -> MadeOffer:
        """Offer a licence that the holder loaded to their wallet. Raises `Gone` for one not in force any more."""
        if licence.status in (LicenceStatus.REVOKED, LicenceStatus.SUPERSEDED):
            raise Gone("This licence is no longer in force and cannot be shown.")
        configuration = configuration_id(licence.type_code, licence.type_version)
        made = await self._offers.make(Offered(licence.id, configuration, subject))
        await self._record("licence.offer", Actor("user", subject), licence.id)
        address = quote(self._addresses.offer(made.id), safe="")
        return MadeOffer(f"openid-credential-offer://?credential_offer_uri={address}", made.digits)

    async def open_offer(self, offer_id: str) -> dict[str, Any]:
        """The offer as wallets fetch it (§4.1.1). Raises `NotFound`."""
        opened = await self._offers.open(offer_id)
        if opened is None:
            raise NotFound("This offer is over. Make a new one on the licence's page.")
        code, offered = opened
        tx_code = {"input_mode": "numeric", "length": DIGITS, "description": "The digits beside the QR code"}
        return {
            "credential_issuer": self._addresses.issuer,
            "credential_configuration_ids": [offered.configuration],
            "grants": {PRE_AUTHORIZED: {"pre-authorized_code": code, "tx_code": tx_code}},
        }

    async def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token response (§6.2). Raises WalletError."""
        if form.get("grant_type") != PRE_AUTHORIZED:
            raise WalletError("unsupported_grant_type", "Only pre-authorized codes are exchanged here.")
        code, digits = form.get("pre-authorized_code"), form.get("tx_code")
        if not code or not digits:
            raise WalletError("invalid_request", "pre-authorized_code and tx_code are both needed.")
        token, _offered = await self._offers.redeem(code, digits)
        return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}

    def nonce(self) -> str:
        """A fresh `c_nonce` (§7): its time under a keyed hash, so that nothing is kept until it is used."""
        text = f"{int(self._parts.clock().timestamp())}.{secrets.token_urlsafe(16)}"
        return f"{text}.{self._mac(text)}"

    async def credential(self, token: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The credential response (§8.3). Raises WalletError."""
        offered = await self._offers.of_token(token)
        jwk = await self._holder_key(request, offered)
        await self._offers.count_use(token)
        licence = await self._parts.lookup.find_by_id(offered.licence_id)
        if licence is None:
            raise WalletError("credential_request_denied", "The licence is not there any more.")
        try:
            credential = await self._parts.forms.sd_jwt(licence, jwk)
        except Gone as gone:
            raise WalletError("credential_request_denied", "The licence is no longer in force.") from gone
        await self._parts.lookup.note_access(licence.id, "wallet")
        await self._record("licence.credential", Actor("user", offered.subject), licence.id)
        return {"credentials": [{"credential": credential}]}

    async def issuer_metadata(self) -> dict[str, Any]:
        """Credential Issuer Metadata, with every published version of every type."""
        return issuer_metadata(await self._parts.catalogue.versions(), self._addresses)

    def server_metadata(self) -> dict[str, Any]:
        """The metadata of the authorization server for offers."""
        return server_metadata(self._addresses)

    async def _holder_key(self, request: Mapping[str, Any], offered: Offered) -> dict[str, str]:
        if "credential_identifier" in request or not isinstance(request.get("credential_configuration_id"), str):
            raise WalletError("invalid_credential_request", "Name the credential_configuration_id of the offer.")
        if request["credential_configuration_id"] != offered.configuration:
            raise WalletError("unknown_credential_configuration", "The access token is for another configuration.")
        if "credential_response_encryption" in request:
            raise WalletError("invalid_encryption_parameters", "Responses are not encrypted beyond TLS here.")
        match request.get("proofs"):
            case {"jwt": [str(unverified)], **others} if not others:
                return await self._proven_key(unverified)
        raise WalletError("invalid_proof", "Send proofs with exactly one jwt.")

    async def _proven_key(self, unverified: str) -> dict[str, str]:
        try:
            proof = check_key_proof(unverified, self._addresses.issuer, self._parts.clock())
            jwk = check_holder_key(proof.jwk)
        except (InvalidToken, InvalidInput) as refusal:
            raise WalletError("invalid_proof", "The key proof does not hold.") from refusal
        if not self._is_ours(proof.nonce) or not await self._offers.spend_nonce(proof.nonce):
            raise WalletError("invalid_nonce", "Fetch a new c_nonce; one is good for five minutes and one proof.")
        return jwk

    def _is_ours(self, nonce: str) -> bool:
        text, _dot, mac = nonce.rpartition(".")
        made_at = text.partition(".")[0]
        if not (nonce.isascii() and made_at.isdigit() and len(made_at) < 12):
            return False
        is_fresh = 0 <= self._parts.clock().timestamp() - int(made_at) <= NONCE_SECONDS
        return hmac.compare_digest(mac, self._mac(text)) and is_fresh

    def _mac(self, text: str) -> str:
        return self._parts.envelope.blind_index("wallet nonce", text)

    async def _record(self, action: str, actor: Actor, licence_id: str) -> None:
        async with self._parts.database.transaction() as session:
            await self._parts.audit.record(session, AuditEvent(action, actor, f"licence:{licence_id}"))
