"""Token introspection (RFC 7662): asked by a client with a secret whether a token still counts.

Owns: the endpoint. Does not own: what makes a token count (`idp.tokens`).
Entry points: `service.IntrospectionService`, `routes.routes`.
"""
