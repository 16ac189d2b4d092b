"""Refusals in the words that wallets know (RFC 6749 §5.2, RFC 6750 §3.1, OpenID4VCI §8.3.1.2)."""


class WalletError(Exception):
    """`code` is the protocol's, `description` for the wallet's makers, in English and ASCII."""

    def __init__(self, code: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status
