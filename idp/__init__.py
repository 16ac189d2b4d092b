"""The identity provider: who a person is, how they prove it, and the tokens that say so to others.

Owns: persons, their roles and organisations, sign-in and its sessions, real-name assurance, OAuth clients, consent,
codes and tokens, keys that sign tokens. Does not own: licences, seals, legacy sites; those know people by token alone.
Standards: OAuth 2.0 (RFC 6749, 6750, 7009, 7636, 7662, 8414, 9068, 9207, security by RFC 9700), OpenID Connect Core,
Discovery and RP-Initiated Logout 1.0, TOTP (RFC 6238).
Entry points: `app.build_services`, `app.page_routes`, `app.api_router`, `settings.IdpSettings`.

How the rooms stand on each other (one way):
account, assurance > oidc > oauth2 > login > tokens, consent, sessions > persons, organisations, roles > keys, settings
"""
