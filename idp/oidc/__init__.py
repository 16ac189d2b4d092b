"""OpenID Connect's own endpoints.

Owns: discovery, keys, userinfo, logout asked for by an application. Does not own: ID tokens (`idp.tokens`), the
authorization and token endpoints (`idp.oauth2`).
Standards: OpenID Connect Core 1.0 §5.3, Discovery 1.0, RP-Initiated Logout 1.0, RFC 8414, RFC 6750.
Entry points: `discovery.document`, `userinfo.UserinfoService`, `logout.LogoutService`, `routes`, `logout_routes`.
"""
