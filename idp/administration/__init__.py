"""`/api/v1/admin`: the tree, groups and assignments for programs and for agencies' own administrators.

Owns: these addresses and which scope opens which.
Does not own: what may be given to whom (`idp.assignments.authority`).
Entry point: `routes.AdministrationApi`.
"""
