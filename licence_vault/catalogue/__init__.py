"""Licence types as data (GB/T 36902-2018): names, authorities, holders, fields, face, seal.

Owns: reading and checking a type (`licence_type`), checking a licence's fields against it (`fields`), keeping versions
(`records`, `service`). Does not own: drawing (`licence_vault.layout`). A published version never changes.
Entry points: `service.Catalogue`, `licence_type.LicenceType`.
"""
