"""How a licence stands, told by a signed status list instead of the issuer's service.

Owns: judging a list and a place in it (`judging`). Does not own: making lists, which is `licence_vault.status`, and
which lists are at hand, which is the trust directory's.
Standard: draft-ietf-oauth-status-list-20 §8.3. A stale list answers "too old", never "valid" and never "broken".
"""
