"""One layout of a licence, drawn alike as OFD and as PDF.

Owns: the face of a licence as data (`face`), setting text in millimetres (`typesetting`, `fonts`), ornaments, QR codes,
the drawing that both formats share (`composition`), and both writers (`ofd`, `pdf`). Does not own: what a field means
(`licence_vault.catalogue`), seals and signatures (`seal`). Pure: no database, no web, no clock of its own.

Standard: GB/T 33190-2016 (OFD), GB/T 36905-2018 (licence files: template page, field objects with ids, index of fields,
metadata), ISO 32000-1 and ISO 19005-3 (PDF, PDF/A-3b). Entry points: `face.read_face`, `composition.compose`,
`ofd.write_ofd`, `pdf.writing.write_pdf`, `fonts.FontBook`.
"""
