"""`xinyin ca`: certificates, ours and other people's.

Owns: the commands. Does not own: the certification authority (`seal.authority`), rules (`kernel.crypto.certification`).
Entry point: `commands.app`.
"""
