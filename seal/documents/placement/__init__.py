"""From what somebody says ("on the keyword", "over the edges") to places on pages.

Owns: the kinds of places and their JSON, finding words in PDF and OFD, slices of riding seals. Does not own: drawing.
Entry points: `request.read_placements`, `placing.place`.
"""
