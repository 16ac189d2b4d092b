"""Electronic seals: their register and life, sealing OFD and PDF files, judging sealed files, the built-in authority.

Owns: tables `seal_…`; the seal maker's, the seals' and the authorities' keys. Does not own: licences (`licence_vault`),
people (known by tokens).
Standards: GB/T 38540-2020, GB/T 33190-2016, GB/T 35275-2017, GB/T 33481-2016, EN 319 142-1, RFC 5280.
Three doors: `client` (the `Sealer` protocol, for who wants something sealed), `validation` (pure; for who judges),
`signing` (opens keys; for this package's own routes and the composition root alone). Wiring: `app`.
"""
