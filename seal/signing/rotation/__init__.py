"""Successors of the service's own keys, with an overlap in which old and new are published.

Owns: which key of a purpose signs now, which are announced, published or retired. Does not own: the keys themselves
(`seal.signing.service_keys`), destroying them, or the trust list (`verify.trust_list`).
Entry point: `service.ServiceKeyRing`.
"""
