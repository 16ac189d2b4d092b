"""Cryptography: the one place that touches a crypto library.

Owns: SM2, SM3, SM4 and their international counterparts; keys, certificates, chains and CRLs; time stamps; keys
and data at rest; JOSE and COSE.
Does not own: what is signed (seals, licences, tokens), who may sign it, or where trust anchors come from.
Standards: GB/T 32918 (SM2), GB/T 32905 (SM3), GB/T 32907 (SM4), GB/T 35276 (encodings), GM/T 0015 and
RFC 5280 (X.509), RFC 7515-7519 (JOSE), RFC 9052 (COSE).

Entry points: `public_keys.load_public_key`, `certificates.Certificate`, `jose`, `cose`, `envelope.Envelope`
for everyone; `private_keys`, `keystore` for those allowed to hold keys; `startup.selftest.run_self_tests` and
`startup.master_key.load_or_create_master_key` for the composition root.
"""
