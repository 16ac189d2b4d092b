"""What comes from outside: seals made by another system, and certificates of outside authorities for our own seals.

Owns: judging an .esl (GB/T 38540-2020, v4; GM/T 0031-2014, v1; GM/T 0031-2025, v5) by the makers we trust, noting
where its key lies; putting a certificate for a seal's key to use. Does not own: the structures (`seal.structures`), the
seal's life (`seal.seals`), certification (`seal.authority`).
Entry points: `importing.SealImports`, `signers.OutsideSigners`.
"""
