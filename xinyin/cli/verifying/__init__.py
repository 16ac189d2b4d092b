"""`xinyin verify` of many files or codes.

Owns: `many` (going through a folder, a ZIP or a CSV with progress, and going on where an earlier run stopped).
Does not own: one file (`xinyin.cli.verification`), what lies in them (`verify.batches.sources`).
"""
