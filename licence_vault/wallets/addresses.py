"""Where wallets find what. Pure."""

from dataclasses import dataclass

PREFIX = "/api/v1/wallet"
ISSUER_PATH = "/.well-known/openid-credential-issuer"
SERVER_PATH = f"/.well-known/oauth-authorization-server{PREFIX}"


@dataclass(frozen=True)
class WalletAddresses:
    """Below `issuer`, which is the public address without a slash at the end."""

    issuer: str

    @property
    def server(self) -> str:
        """The authorization server of offers; its metadata is at `SERVER_PATH`."""
        return self.issuer + PREFIX

    @property
    def token(self) -> str:
        return f"{self.server}/token"

    @property
    def nonce(self) -> str:
        return f"{self.server}/nonce"

    @property
    def credential(self) -> str:
        return f"{self.server}/credential"

    def offer(self, offer_id: str) -> str:
        """Where a wallet fetches an offer."""
        return f"{self.server}/offers/{offer_id}"
