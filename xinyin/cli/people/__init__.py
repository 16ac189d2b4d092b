"""Commands about people beyond their accounts: mandates.

Owns: `mandates` (`xinyin mandate`). Does not own: accounts and organisations (`xinyin.cli.users`),
what mandates mean (`idp.mandates`).
"""
