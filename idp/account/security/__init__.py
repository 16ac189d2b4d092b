"""`/account/security`: what a person signs in with, and changing it. Every page of it asks for a sign-in minutes old.

Owns: the page and its buttons. Does not own: passkeys, passwords and the rest; it asks the rooms that do.
Entry point: `routes.SecurityPages`.
"""
