"""The lists and the log of this house, as reports name them."""

from collections.abc import Sequence

from licence_vault.app import VaultServices
from seal.app import SealServices
from verify.signed_reports.basis import ListUsed


class HouseCircumstances:
    """Answers as `signed_reports.basis.Circumstances` from the house's own services."""

    def __init__(self, vault: VaultServices, sealing: SealServices) -> None:
        self._vault = vault
        self._sealing = sealing

    async def seal_status_list(self) -> ListUsed:
        """See `Circumstances`."""
        sealing = self._sealing
        token = await sealing.publication.status_list(sealing.signing.sign_seal_status, sealing.public_url)
        return ListUsed.of(f"{sealing.public_url}/api/v1/seals/status-list", token.encode())

    async def licence_status_list(self, identifier: str) -> ListUsed | None:
        """See `Circumstances`."""
        number = await self._vault.statuses.number_for(identifier)
        if number is None:
            return None
        token = await self._vault.statuses.token(number)
        return ListUsed.of(self._vault.statuses.uri(number), token.encode())

    async def revocation_lists(self) -> Sequence[ListUsed]:
        """See `Circumstances`."""
        store = await self._sealing.publication.trust_store()
        return [ListUsed.of(f"urn:xinyin:crl:{number}", each.der) for number, each in enumerate(store.crls, start=1)]

    async def log_checkpoint(self) -> str:
        """See `Circumstances`."""
        return await self._vault.ledger.checkpoint()
