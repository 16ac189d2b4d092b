"""What an agency's seal looks like: red, round, a star in the middle, the name around it.

Owns: drawing the picture. Does not own: the seal that holds it (`seal.structures`), where it is put (`seal.documents`).
Standard: GB/T 33481-2016 (electronic seals of public bodies), State Council rules on the seals of agencies (42 mm,
star of 14 mm, ring of 1.2 mm).
Entry point: `round_seal.draw_round_seal`.
"""
