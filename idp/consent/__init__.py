"""What a person allowed which application to know and do.

Owns: remembered consent per person and client, the plain words of each scope.
Does not own: asking (`idp.login`), which clients need no asking (`oauth2.authorize`).
Rules: consent is for named scopes; a new scope asks again. A first-party client's consent is implied, and so recorded.
Entry points: `service.ConsentService`, `words.explain_scopes`.
"""
