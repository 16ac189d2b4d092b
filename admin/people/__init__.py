"""People: entering them (system administrator), their roles (security administrator, and never one's own).

Does not own: persons and roles (`idp.persons`, `idp.roles`). A name is shown here, an ID number never.
"""
