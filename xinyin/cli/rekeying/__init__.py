"""`xinyin keys rotate-master`, `master`, `drop-master`: changing the key over everything at rest, with nothing stopped.

Owns: the commands and the sum over tables, files and key files. Does not own: how each is moved (`kernel.rekeying`).
"""
