"""What issuers say about certificates after the fact.

Owns: reading and checking CRLs. Does not own: issuing them (`kernel.crypto.issuance`), fetching them, verdicts.
Standard: RFC 5280 §5.
Entry point: `crl.Crl`.
"""
