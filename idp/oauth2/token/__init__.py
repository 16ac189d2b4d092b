"""The token endpoint (RFC 6749 §3.2).

Owns: what all grants share: reading the request, client authentication, whether the client may use the grant, the
answer. Does not own: the grants' own rules. Entry points: `service.TokenEndpoint`, `routes.routes`.
"""
