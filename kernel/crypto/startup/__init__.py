"""What the composition root does with cryptography before anything else.

Owns: the known-answer self-tests and the master key file. Does not own: settings, key stores.
Standards: GB/T 32918.5, 32905, 32907 (the known answers).
Entry points: `selftest.run_self_tests`, `master_key.load_or_create_master_key`.
"""
