"""The public transparency log: an RFC 6962 Merkle tree over salted commitments, one leaf a sealed licence version.

Owns: `vault_ledger_*` tables, commitments and their openings, tree arithmetic, proofs, signed checkpoints and tiles.
Does not own: what the digests in an entry are made of, nor any key (`seal.client.Sealer` signs checkpoints).
Standards: RFC 6962 §2.1, RFC 9162 §2.1; C2SP signed-note, tlog-checkpoint, tlog-tiles, tlog-proof.
Entry points: `service.Ledger` (append, checkpoint, proof, check), `routes.ledger_routes`, `verification.verify_proof`.
"""
