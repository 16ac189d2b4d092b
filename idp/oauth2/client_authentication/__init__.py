"""Who the client is at our endpoints.

Owns: secrets in header or body (RFC 6749 §2.3), signed assertions (RFC 7523, `private_key_jwt`), certificates
(RFC 8705 §2), public clients (`none`). Exactly one of them, and the one that the client is registered for.
Does not own: the registrations (`idp.clients`), keys that tokens are bound to (`oauth2.binding`).
Entry points: `service.ClientAuthenticator`, `assertions.ClientAssertions`.
"""
