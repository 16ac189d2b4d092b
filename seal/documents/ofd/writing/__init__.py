"""Writing OFD files (GB/T 33190-2016), valid against the schemas of its Annex A. The same calls give the same bytes.

Owns: packages of one or more documents and versions; pages, templates, layers and their objects; resources with
embedded fonts; annotations, attachments, custom tags and data, outlines, permissions. Does not own: what a document
says or where things stand on a page (a caller's layout), or signatures (`seal.documents.ofd.signing`).
Entry points: `package.PackageWriter`, `objects.TextObject`, `fonts.subset_font`.
"""
