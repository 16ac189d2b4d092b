"""Reports that can be shown later: signed as JSON, as XML and as a printable PDF, and checked again.

Owns: on what a report rests (`basis`), keeping reports for whoever holds the link (`kept`), the three signed forms
(`service`, `etsi`, `xml_signature`, `printed`), checking one again (`recheck`), the rules by which is judged
(`policy`, `policy.txt`).
Does not own: what is found (`verify.report`), the key: `seal.client.ReportSealer` signs.
Standards: ETSI TS 119 102-2 (XML), XML Signature 1.1, RFC 7515 (JWS), ETSI EN 319 142-1 (PAdES).
Entry points: `service.SignedReports`, `recheck.recheck_report`, `routes`.
"""
