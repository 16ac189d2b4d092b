"""Sealing PDF files: PAdES baseline signatures (EN 319 142-1, levels B-B to B-LTA) with the seal's picture on the page.

Owns: where the picture goes, the signature field and dictionary, evidence and document time stamps. Does not own: the
CMS value (`seal.structures.cades`), who stamps (`seal.timestamp`), or judging what comes back (`seal.validation`).
Entry points: `signing.seal_pdf`, `levels.complete_timestamp`, `levels.add_evidence`, `levels.add_document_timestamp`.
"""
