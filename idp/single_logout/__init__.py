"""Telling applications that a session is over.

Owns: the outbox of logout notices, their delivery and retries, what is shown of them, logout tokens. Does not own:
ending the session (`idp.login.sign_out`), logout asked for by an application (`idp.oidc.logout`).
Rules: a notice is written in the transaction that ends the session, so that none is lost; addresses that clients name
are called through the guarded fetcher alone.
Standards: OpenID Connect Back-Channel Logout 1.0, Front-Channel Logout 1.0.
Entry points: `service.SingleLogout`, `records.LogoutNoticeRow`.
"""
