"""A page that checks signed QR codes with no network: opened once, it keeps working.

Owns: the page and its service worker; the cryptography is the browser's own (WebCrypto, ES256).
Does not own: the status of a licence, which nobody can know offline; the page says so and shows the age of its keys.
Entry point: `routes.routes`.
"""
