"""Passkeys: keys that a person's phone, computer or security key holds, in place of a password or beside it.

Owns: registering, naming, removing and checking them. Does not own: where a sign-in goes on (`idp.login`), other second
factors (`idp.factors`).
Rules: the RP ID is the host of the public address, the origin is that address exactly; a challenge counts once and only
where it was given out; alone a passkey needs user verification; no attestation is asked for; a signature counter that
went back is refused, written down and shown to the person.
Standard: Web Authentication Level 3. Entry points: `service.PasskeyService`.
"""
