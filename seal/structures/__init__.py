"""The ASN.1 values inside sealed files: GB/T 38540 seals and seal signatures, GB/T 35275 SignedData.

Owns: reading and writing these values, and keeping the exact bytes that were signed. Does not own: judging them
(`seal.validation`) or any private key (a `SigningKey` is handed in).
Standards: GB/T 38540-2020 (version 4), GM/T 0031-2014 (version 1, read), GM/T 0031-2025 (version 5, read),
GB/T 35275-2017.
Entry points: `gbt38540.load_seal`, `gbt38540.load_seal_signature`, `gbt38540.make_seal`, `gbt38540.make_signature`,
`gm_cms.load_signed_data`, `gm_cms.make_signed_data`.
"""
