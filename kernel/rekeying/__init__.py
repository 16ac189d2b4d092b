"""Moving what is encrypted from one master key to the next while the service runs.

Owns: finding every envelope in tables and files, putting its data key under the current master key, saying what still
hangs on another. Does not own: the keys (`kernel.crypto.startup.master_key`), nor what an envelope is.
Entry points: `tables.SealedColumns`, `files.SealedFiles`.
"""
