"""The built-in certification authority: for demonstrations, for closed networks, and as a model of an outside one.

Owns: two roots with an issuing authority each (SM2 for OFD, P-256 for PDF), the seal maker, certificates of
seals, their revocation lists; tables `seal_certificate`, `seal_crl`. Does not own: who may have a seal (`seal.seals`).
Standards: RFC 5280, GM/T 0015, GB/T 38540-2020 §6 (making seals).
Entry points: `service.Authority`, `making.SealMaker`, `routes`.
"""
