"""Proof that the sender of a token holds a key. Pure.

Owns: DPoP proofs (RFC 9449 §4), thumbprints of certificates (RFC 8705 §3.1) and the names in them. Does not own:
replay and nonces (`kernel.web.possession`), who must prove what.
Entry points: `dpop.check_proof`, `certificates.ClientCertificate`.
"""
