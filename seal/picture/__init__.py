"""What a seal looks like: drawn in one red to the rules for its shape, or judged when somebody sends a picture.

Owns: outlines (`drawing`: as PNG by `raster`, as SVG, as paths), the shapes, and the rules for uploaded pictures. Does
not own: the seal that holds the picture (`seal.structures`), where it is put (`seal.documents`).
Standard: GB/T 33481-2016 (electronic seals of public bodies), State Council rules on the seals of agencies (42 mm,
star of 14 mm, ring of 1.2 mm), 国家税务总局公告2011年第7号 (invoice seal, 40 × 30 mm).
Entry points: `design.draw`, `round_seal.draw_round_seal`, `uploaded.check_picture`.
"""
