"""Grants: a holder lets one agency have chosen data of a licence, for one purpose, until a moment, once or often.

Owns: giving, listing, revoking and using up grants; what a grant covers (`grant`, pure). Does not own: who may see what
(`lookup.access`), the calls of agencies (`sharing`). Purpose and fields are kept encrypted.
Entry point: `service.Grants`.
"""
