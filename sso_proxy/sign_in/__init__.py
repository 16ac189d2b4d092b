"""Who is signed in at the gateway: an OpenID Connect client with one callback for all application hosts.

Owns: the trip to the provider, the single-use ticket that carries its result to an application's host, the session
cookie of each host.
Does not own: the protocol (`kernel.web.relying_party`), people.
Standard: OpenID Connect Core 1.0 §3.1, PKCE (RFC 7636), RFC 9207.
Entry points: `flow.GatewaySignIn`.
"""
