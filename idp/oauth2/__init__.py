"""The OAuth 2.0 authorization server.

Owns: client authentication, the authorization endpoint, grants, the token endpoint, introspection, revocation.
Does not own: clients (`idp.clients`), signing people in (`idp.login`), what tokens say (`idp.tokens`), OpenID Connect
(`idp.oidc`).
Rules: parameters are parsed once and never sent twice; nothing is redirected before the redirect URI is proven; one
file a grant; one error class.
Standards: RFC 6749, 6750, 7009, 7636, 7662, 9207, 9700.
"""
