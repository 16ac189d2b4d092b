"""A page that checks signed QR codes with no network: opened once, it keeps working; also as one file for a disk.

Owns: the page, its service worker and manifest, the single file. It reads codes by camera or picture, checks ES256 and
SM2 signatures and status lists, and says how old its trust pack is: an old list makes a verdict stale, never valid.
Does not own: the pack (`verify.trust_list.pack`). Standards: RFC 9052, draft-ietf-oauth-status-list, GB/T 32918.2.
Entry point: `routes.routes`. The same vectors (`tests/verify/vectors`) bind it and `verify.cli`.
"""
