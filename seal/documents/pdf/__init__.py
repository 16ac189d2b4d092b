"""Sealing PDF files: PAdES baseline signatures (EN 319 142-1 level B-B) with the seal's picture on the page.

Owns: where the picture goes, the signature field and dictionary. Does not own: the CMS value (`seal.structures.cades`)
or judging what comes back (`seal.validation`).
Entry point: `signing.seal_pdf`.
"""
