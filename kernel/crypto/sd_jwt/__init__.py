"""Selective Disclosure for JWTs (RFC 9901): hiding claims, reading presentations, proof of the holder's key.

Owns: disclosures and their digests, the compact form, key binding. Does not own: the issuer's signature
(`crypto.jose`), what claims mean. Entry points: `hiding.hide`, `presentation.SdJwt`, `key_binding.check_key_binding`.
"""
