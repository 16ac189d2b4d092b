"""Logout notices for the administrator: which application was told that a session is over, and which did not listen.

Owns: the list and trying again. Does not own: delivery (`idp.single_logout`). Entry point: `routes`.
"""
