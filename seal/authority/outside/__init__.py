"""What outside authorities publish about the certificates they issued for keys of ours.

Owns: fetching their revocation lists and keeping the newest of each. Does not own: which outside issuers are trusted
(`seal.authority.outside_issuers`), reading and judging lists (`kernel.crypto.revocation`, `seal.validation`).
Standard: RFC 5280 §4.2.1.13, §5. Entry point: `lists.OutsideLists`.
"""
