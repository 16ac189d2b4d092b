"""Token revocation (RFC 7009): a client gives back a token it holds.

Owns: the endpoint. Does not own: families and what ends with them (`idp.tokens`).
Entry points: `service.RevocationService`, `routes.routes`.
"""
