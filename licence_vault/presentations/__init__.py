"""Showing a licence (亮证): a code that lives for two minutes and says no more than its holder chose.

Owns: making, opening and counting codes. Does not own: the page that a verifier sees (`verify.qr`). The code is random
(≥ 128 bits) and kept as a hash; each scan stands in the holder's access log. Entry point: `service.Presentations`.
"""
