"""`/api/v1/admin`: people, organisations, applications, keys, the tree, groups and assignments, for programs.

Owns: these addresses and which scope opens which.
Does not own: what may be given to whom (`idp.assignments.authority`).
Entry points: `routes.AdministrationApi`, `accounts.AccountsApi`.
"""
