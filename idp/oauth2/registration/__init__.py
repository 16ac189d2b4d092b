"""Programs register clients and manage what they registered (RFC 7591, RFC 7592).

Owns: the endpoints, which metadata becomes which registration. Does not own: the rules of metadata (`idp.clients`).
Rules: an initial access token by the administrator is needed unless the setting opens the door; such clients are
never first-party, never see real names, never get scopes of agencies or administrators; software statements are
refused, since no issuer of them is trusted.
Entry points: `service.RegistrationService`, `routes`.
"""
