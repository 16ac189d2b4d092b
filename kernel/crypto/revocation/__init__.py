"""What issuers say about certificates after the fact.

Owns: reading and checking CRLs and OCSP responses, OCSP requests, writing OCSP responses. Does not own: issuing CRLs
(`kernel.crypto.issuance`), fetching either, verdicts.
Standards: RFC 5280 §5, RFC 6960, RFC 9654.
Entry points: `crl.Crl`, `ocsp.OcspResponse`, `ocsp_answers`.
"""
