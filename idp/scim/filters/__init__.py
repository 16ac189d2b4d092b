"""Filters and attribute paths.

Owns: the grammar, its tree, whether a resource matches. Does not own: which attributes there are
(`idp.scim.resources`). Standard: RFC 7644 §3.4.2.2, §3.5.2. Entry points: `grammar.parse_filter`, `grammar.parse_path`,
`matching.matches`.
"""
