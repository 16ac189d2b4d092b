"""The authorization endpoint: from a client's request to a code in the browser's hands.

Owns: the rules for requests (`checks.CHECKS`), the decision whether somebody must sign in or consent, codes.
Does not own: signing in and asking for consent (`idp.login`), what a code is worth (`oauth2.grants`).
Standards: RFC 6749 §4.1, RFC 7636 §4.3, RFC 9207 (`iss`), OpenID Connect Core 1.0 §3.1.2, Form Post Response Mode 1.0.
Entry points: `service.AuthorizationService`, `routes.routes`.
"""
