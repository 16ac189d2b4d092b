"""Issuing from files, at the officer's desk: hand in, see every row that is wrong, start, watch, cancel.

Owns: the pages. Does not own: reading, checking or issuing (`licence_vault.batches`). Entry point: `routes.routes`.
"""
