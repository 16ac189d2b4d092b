"""`xinyin region`: other regions whose licences are believed here.

Owns: the commands. Does not own: the way to trust (`verify.regions`). Entry point: `commands.app`.
"""
