"""`xinyin saml`: applications that sign people in by SAML, and our keys for it.

Owns: the commands. Does not own: the rules (`idp.saml`). Entry point: `commands.app`.
"""
