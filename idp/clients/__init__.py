"""Applications that may ask for tokens.

Owns: registration, secrets (stored as SHA-256), what each client may do.
Does not own: what a person allows a client (`idp.consent`), how clients prove themselves at our endpoints
(`idp.oauth2.client_authentication`).
Standards: RFC 6749 §2, RFC 7591 (names of the metadata), RFC 9700 §2.1 (exact redirect URIs).
Entry point: `service.ClientService`.
"""
