"""Around the issuing of certificates: what is asked for, and whether what is about to be signed is right.

Owns: certification requests (PKCS#10), lints, issuing that lints first. Does not own: building a certificate
(`kernel.crypto.issuance`), who may have one (`seal.authority`).
Standards: RFC 2986, GM/T 0092 in its spirit; RFC 5280, RFC 3161 §2.3, RFC 6960 §4.2.2.2, GM/T 0015.
Entry points: `requests.CertificateRequest`, `requests.make_request`, `lints.lint`, `linted.issue_linted`.
"""
