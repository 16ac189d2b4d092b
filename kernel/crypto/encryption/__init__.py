"""Encryption to somebody else's key.

Owns: wrapping a key for an RSA key (RFC 8017 §7.1), encrypting data with AES. Does not own: envelopes of our own data
(`kernel.crypto.envelope`), the formats that carry the result. Entry points: `recipient`.
"""
