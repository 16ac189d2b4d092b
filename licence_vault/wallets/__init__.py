"""Handing a licence to a wallet as a credential (OpenID for Verifiable Credential Issuance 1.0, pre-authorized code).

Owns: offers that a holder makes on their own page, the tokens and nonces of wallets, the credential endpoint. Does not
own: the credential itself (`forms`). The vault is the authorization server of these offers: the holder has signed in
and chosen the licence before there is a code. Entry point: `service.Wallets`.
"""
