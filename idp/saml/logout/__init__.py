"""Logout by SAML (Profiles §4.4), asked for by an application or by the person.

Owns: the messages (`messages`), the browser's way from application to application (`chain`), telling applications
directly (`notices`), what applications ask (`service`). Does not own: ending sessions (`idp.login.sign_out`), retries
(`idp.single_logout`). Entry points: `chain.LogoutChain`, `notices.SamlNotices`, `routes.SamlLogoutPages`.
Rules: our session ends first, so that a chain that breaks leaves nobody signed in here.
"""
