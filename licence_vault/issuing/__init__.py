"""Issuing licences and changing how they stand.

Owns: the order (`order`), its drafting into a licence (`drafting`), drawing (`rendering`; converted copies:
`converting`), the use cases (`service`, `changes`), safe retries (`idempotency`), sweeping of orphan files
(`sweeping`). Does not own: keys; sealing is asked of `seal.client.Sealer`. Entry points: `service.Issuing`,
`changes.LicenceChanges`.
"""
