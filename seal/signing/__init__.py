"""Using seals: the one place where documents, claims, checkpoints and receipts get signed.

Owns: opening keys of seals, the record of every use, checking our own output before it leaves. Does not own: the
register (`seal.seals`) or the formats (`seal.documents`). Import-restricted: see the key-owners contract.
Entry points: `service.SigningService` (implements `seal.client.Sealer`), `routes`.
"""
