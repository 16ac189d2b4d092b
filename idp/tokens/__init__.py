"""Tokens: what is said in them, how they are written and signed, and which of them no longer count.

Owns: claims of access tokens and ID tokens, refresh tokens and their families ("token grants"), revocation.
Does not own: the keys (`idp.keys`), who may ask for a token (`oauth2.grants`).
Standards: RFC 9068 (JWT access tokens), OpenID Connect Core 1.0 §2 (ID token), RFC 9700 §4.14 (refresh rotation).
Entry points: `service.TokenService`, `access_token`, `id_token`, `subject.find_subject`.
"""
