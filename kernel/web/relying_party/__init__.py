"""Being a client of an OpenID provider, and keeping what it gave.

Owns: the protocol half of sign-in (`client.OidcClient`) and the server-side sessions (`sessions.SessionStore`).
Does not own: routes and cookies (`kernel.web.sign_in`), the check of access tokens (`kernel.web.bearer`).
Standards: OpenID Connect Core and Discovery 1.0, RFC 7636, RFC 9207, RP-Initiated Logout 1.0.
"""
