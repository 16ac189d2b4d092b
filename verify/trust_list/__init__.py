"""The published trust list: which roots, seals' certificates and QR keys verification believes, for everyone to take.

Owns: the list's shape (`document`), serving it (`service`, `routes`), the same as a directory (`directory`) for
verifying with no server. Does not own: anchors and keys themselves; `TrustSource` tells them.
Trap avoided: a verifier must never fetch its trust from the service it is judging; hence the directory.
"""
