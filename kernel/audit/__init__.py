"""The audit trail: append-only, hash-chained, written in the transaction of what it records.

Owns: the tables `audit_event` and `audit_chain`, the hashing rule, its verification. Does not own: what an event means;
each package names its own actions (`licence.issue`, `login.password`). An event holds opaque references, never a name,
a number or a secret. Standard: GB/T 22239-2019 §8.1.4.3 (security audit, integrity of audit records).
Entry points: `chain.AuditTrail`, `verification.verify_chains`.
"""
