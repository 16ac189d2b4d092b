"""Scans of legacy licences: unpacked, rendered apart from everything else, kept encrypted, found for their rows.

Owns: archives (`archive`), reading what strangers made in a process of its own (`worker`, `rendering`), their rows
(`records`), the use cases (`service`). A scan's original stays as it came and is bound to the copy by its SHA-256;
people and copies see pages that were written anew. Entry point: `service.Scans`.
"""
