"""Neighbouring vaults in the console.

Owns: the page that shows how it goes with each. Does not own: who they are, which the operator says on the command line
(`licence_vault.neighbours`). Entry point: `routes.routes`.
"""
