"""An uploaded file or a pasted QR text → a verification report.

Owns: `images` (a QR code in a photo), `identifier` (which licence a file says it is), `budget` (how much checking one
network may cost), `service` (seal validation and the licence's standing put together), `routes` (`/verify`,
`POST /api/v1/verifications`).
Does not own: seals and signatures (`seal.validation`), the standing (`licence_vault`), the report's shape (`report`).
Standard: GB/T 36906-2018 file verification; GB/T 36903 metadata names.
"""
