"""Roles of persons and what each permits.

Owns: the table from role to OAuth scopes (`scopes`), who holds which role (`records`, `service`).
Does not own: what a scope allows at a resource server; clients' own scopes (`oauth2.clients`).
Entry points: `scopes.permitted_scopes`, `service.RoleService`.
"""
