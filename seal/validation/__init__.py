"""Judging sealed documents: is it whole, who sealed it, was the seal in force.

Owns: the checks of GB/T 38540 seal signatures and GB/T 35275 signatures in OFD, of PAdES in PDF, and the report of them
in the words of ETSI EN 319 102-1 with the result code of GB/T 36906. Pure: no key, no database, no network.
Does not own: where trust comes from (a `TrustStore` is handed in), the standing of a licence, pages that show a report.
Entry points: `service.validate_document`, `trust.TrustStore`, `report.ValidationReport`.
"""
