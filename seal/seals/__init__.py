"""The register of seals: applied for, approved by somebody else, in use, suspended, revoked.

Owns: tables `seal_seal`, `seal_use`; the rules of a seal's life. Does not own: keys (`seal.authority` makes the seal,
`seal.signing` uses it).
Standards: 国办发〔2025〕33号 (filing, stopping, restoring, cancelling; traceable use), GB/T 33481-2016.
Entry points: `service.SealRegister`, `publication.SealPublication`, `routes`.
"""
