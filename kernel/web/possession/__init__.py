"""Proof of possession at HTTP endpoints, for the authorization server and for resource servers alike.

Owns: DPoP headers, nonces and replay (RFC 9449 §4.3, §8, §9, §11.1), the certificate that a front passes on (RFC 8705).
Does not own: the proofs themselves (`kernel.crypto.possession`).
Entry points: `dpop.DpopGuard`, `front.CertificateFront`, `sender.RequestKeys`.
"""
