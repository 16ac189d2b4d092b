"""Commands that use seals, as against those of the register.

Owns: `xinyin seal sign`. Does not own: the register's commands (`xinyin.cli.seals`). Entry point: `sign.sign`.
"""
