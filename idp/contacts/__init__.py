"""Phone numbers and e-mail addresses that people proved to hold, by codes sent there.

Owns: sending and checking codes, which address is whose. Does not own: where a person's address is stored
(`idp.persons`), signing in (`idp.login`), how a message travels (`kernel.messages`).
Rules: a code counts once, in the place that asked for it, for ten minutes and five tries; an answer never says whether
an address is known; one address, one account.
Entry points: `service.ContactService`, `codes.ContactCodes`.
"""
