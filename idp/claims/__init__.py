"""Claims about people: which scope gives which, which were asked for one by one, and reading them.

Owns: the table of claims, the `claims` parameter (OpenID Connect Core §5.5), reading a person's claims. Does not own:
who may ask (`oauth2`, `oidc.userinfo`), consent (`idp.consent`).
Rules: a claim leaves only if its scope is open to the client and the person agreed to that scope; real name and ID
number besides need the registration's leave.
Entry points: `requested.RequestedClaims`, `service.PersonClaims`.
"""
