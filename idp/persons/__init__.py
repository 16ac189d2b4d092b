"""Persons: one row a human being, however many ways they sign in.

Owns: the opaque id that is `sub`, display name, locale, user name and password, state, assurance level, and the
encrypted real name, ID number, phone and email. Does not own: how a person proves to be there (`idp.login`,
`idp.federation`), roles, organisations.
Rules: one ID number, one person (a keyed hash is unique); a name, number, phone or email is never stored readable.
Entry points: `service.PersonService`, `directory.PersonDirectory`.
"""
