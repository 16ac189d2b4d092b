"""`xinyin vault`: the vaults that ours works with.

Owns: the commands. Does not own: the rules (`licence_vault.neighbours`). Entry point: `neighbours.app`.
"""
