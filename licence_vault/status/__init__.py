"""Token status lists: how every licence stands, in one small signed file that tells nothing about who asks.

Owns: a list's bytes (`encoding`), which place a licence gets (`places`), making and signing lists (`service`), serving
them (`routes`). Does not own: the states themselves; they are `licences` and their events.
Standard: draft-ietf-oauth-status-list-20 (Token Status List). Entry points: `StatusLists`, `StatusArray`.
"""
