"""Sealing in processes of its own, which alone open keys of seals.

Owns: the worker program, what is said to it and how, keeping a number of them alive. Does not own: sealing itself
(`seal.signing.pressing`). Entry points: `pool.WorkerPool` (implements `Press`), `keystore.WorkerKeyStore`, `worker`.
"""
