"""Other regions: bringing their trust packs, approving them as somebody else, and ending the trust.

Owns: `/console/regions`. Does not own: what a pack must be and who is believed (`verify.regions`). Entry point:
`routes.routes`.
"""
