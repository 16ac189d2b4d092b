"""What users and groups are made of.

Owns: attributes and schemas, reading what clients send, changing it by PATCH, what fits a filter, showing what was
asked for. Pure: knows neither database nor requests. Standard: RFC 7643; RFC 7644 §3.4.2.2, §3.5.2, §3.9.
Entry points: `definitions.USER`, `reading.read_resource`, `patching.patched`, `matching.matches`, `showing.shown`.
"""
