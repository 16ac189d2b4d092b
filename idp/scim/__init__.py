"""SCIM 2.0: agencies enter, change and let go their people and groups by program.

Owns: `/scim/v2`, the records by which an agency knows its people, filters, PATCH, bulk.
Does not own: persons (`idp.persons`), groups and roles (`idp.assignments`), the tree (`idp.units`).
Standard: RFC 7642–7644, RFC 9865 (cursors). Entry points: `routes.ScimApi`, `users.UserDirectory`.
"""
