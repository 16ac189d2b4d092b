"""What a face is made of beside text: ornaments, QR codes, pictures.

Owns: drawing each of them in millimetres. Does not own: where they go (`licence_vault.layout.face`,
`licence_vault.layout.composition`). Entry points: `ornaments.draw_ornament`, `qr.draw_qr`, `pictures.place_picture`.
"""
