"""Judging the signatures and time stamps of a PDF (ISO 32000-1 §12.8, EN 319 142-1).

Owns: one signature (`signature`), where its value stands (`container`), document time stamps and what a file carries
for its own verification (`evidence`). Does not own: the file as a whole (`seal.validation.pdf`).
"""
