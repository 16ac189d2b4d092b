"""Licences for the officers of an issuing authority: issuing one, finding, looking, revoking, suspending, resuming.

Owns: the form made from a type's JSON Schema (`form`) and the pages (`routes`). Does not own: any rule of issuing
(`licence_vault.issuing`) or of who may see what (`licence_vault.lookup`).
"""
