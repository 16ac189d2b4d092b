"""Collections of legacy licences in the console.

Owns: handing a register in, saying what its columns mean, how it stands (`routes`), review row by row (`review`), and
the words of both (`wording`). Does not own: any rule of collections (`licence_vault.collection`). Entry points:
`routes.routes`, `review.routes`.
"""
