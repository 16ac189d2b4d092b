"""Filters and attribute paths.

Owns: the grammar and its tree. Does not own: which attributes there are, what fits (`idp.scim.resources`).
Standard: RFC 7644 §3.4.2.2, §3.5.2. Entry points: `grammar.parse_filter`, `grammar.parse_path`.
"""
