"""DER, as far as X.509 and CRLs need it, read leniently and written strictly.

Owns: elements with their original bytes, distinguished names, times, extension values.
Does not own: certificates themselves (`kernel.crypto.certificates`), keys, trust.
Standard: X.690; names and extensions RFC 5280 §4, GM/T 0015.
Entry points: `reader.read_element`, `writer`, `names.Name`, `extensions`.

Why not asn1crypto here: its certificate model raises on strings and defaults that real Chinese certificates contain,
and teaching it SM2 means editing tables that other libraries share.
"""
