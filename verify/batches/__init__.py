"""Many files or codes at once.

Owns: `sources` (what lies in a folder, a ZIP or a CSV of codes, one after the other and never more than one in memory).
Does not own: judging (`verify.upload`). Entry point: `sources.read_source`.
"""
