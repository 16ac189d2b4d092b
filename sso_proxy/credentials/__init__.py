"""What people gave the gateway to sign in to applications: kept under envelope, opened for replay alone.

Owns: storing, forgetting, the state of an account (active or stale).
Does not own: signing in (`replay`). There is no way to show a stored password to anybody.
Entry points: `service.CredentialService`.
"""
