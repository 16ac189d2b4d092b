"""The OAuth 2.0 authorization server.

Owns: clients, the authorization endpoint, grants, the token endpoint, introspection, revocation.
Does not own: signing people in (`idp.login`), what tokens say (`idp.tokens`), OpenID Connect (`idp.oidc`).
Rules: parameters are parsed once and never sent twice; nothing is redirected before the redirect URI is proven; one
file a grant; one error class.
Standards: RFC 6749, 6750, 7009, 7636, 7662, 9207, 9700.
"""
