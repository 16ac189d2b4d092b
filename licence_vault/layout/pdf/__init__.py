"""Writing a licence as PDF with the skeleton of PDF/A-3b, not yet sealed.

Owns: the objects of the file, the content of its pages, the part that all licences of a type share. Does not own: what
is drawn (`licence_vault.layout.composition`), seals (`seal.documents.pdf`).
Standard: ISO 32000-1, ISO 19005-3. Entry point: `writing.write_pdf`.
"""
