"""Keys in a hardware security module, by PKCS#11 (OASIS PKCS #11 2.40; addresses RFC 7512).

Owns: loading a module, its sessions and their recovery, the rule that a refused PIN is not tried twice, keys on a
token. Does not own: which algorithms go to the module (`kernel.crypto.custody.placement`).
Entry points: `address.read_pkcs11_address`, `store.Pkcs11KeyStore`.
"""
