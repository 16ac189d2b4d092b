"""How secrets reach the disk.

Owns: small files that are whole or absent, whatever happens in between, readable by their owner alone.
Does not own: what is in them (`kernel.crypto.keystore`, `kernel.crypto.startup.master_key`).
Entry point: `secret_files.write_new_secret_file`.
"""
