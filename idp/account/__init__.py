"""A person's own page: what we know, where they are signed in, what they allowed.

Owns: `/account`. Does not own: any of what it shows; it asks the rooms that do.
Entry points: `service.AccountService`, `routes.AccountPages`.
"""
