"""Where private keys live, and how secrets reach the disk.

Owns: addresses of key stores and opening them; small files that are whole or absent, whatever happens in between,
readable by their owner alone. Does not own: what a key signs, or which settings an operator has.
Entry points: `opening.open_keystore` (import-restricted), `secret_files.write_new_secret_file`.
"""
