"""Organisations and who acts for them.

Owns: agencies and enterprises by USCC, memberships with a role in words (法定代表人, officer …).
Does not own: scopes (`idp.roles`), clients of an organisation (`oauth2.clients` copy its USCC and name).
Standard: GB 32100 (unified social credit code). Entry points: `service.OrganisationService`.
"""
