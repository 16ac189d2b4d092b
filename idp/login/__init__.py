"""Signing in: one state machine over a stored request.

Owns: the steps (who are you, second factor, consent), their pages, password checks, limits on attempts.
Does not own: second factors (`idp.factors`, `idp.passkeys`), sign-in by another provider (`idp.federation` calls
`routes.complete_login`), what an application asked for (`oauth2.authorize` begins a request here and is resumed when it
is done).
Rules: steps return to the dispatcher, never to each other; a request is bound to the browser that began it and ends
after half an hour; several may run side by side in one browser.
Standards: RFC 6238 (TOTP), RFC 8176 (`amr`). Entry points: `flow.next_step`, `service.LoginService`, `routes.routes`.
"""
