"""Looking at an application from outside and proposing how the gateway may sign people in to it.

Owns: finding the login form or the Basic challenge.
Does not own: adding the application (`sites`).
Entry points: `probe.probe`.
"""
