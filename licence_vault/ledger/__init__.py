"""The public transparency log: an RFC 6962 Merkle tree over salted commitments, one leaf a sealed licence version.

Owns: `vault_ledger_*` tables, tree arithmetic, proofs, checkpoints (C2SP tlog-checkpoint) and tiles (C2SP tlog-tiles).
Does not own: what a commitment is made of, nor any key: checkpoints are signed through `seal.client.Sealer`.
Entry points: `service.Ledger`, `routes.ledger_routes`.
"""
