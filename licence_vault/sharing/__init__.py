"""Sharing licences between agencies: query, fetch, verify, each with its purpose, basis, matter and officer.

Owns: what a call must state (`call`), its result codes, purpose-bound copies (加注件, `copies`), the limits on agencies
(`throttle`). Does not own: who may have what (`lookup.access`), the holder's grants (`grants`). Whatever is told of a
licence stands in its access record, which its holder reads. Standard: GB/T 36906-2018 (functions, five elements, result
codes), GB/T 36901-2018 (copies). Entry point: `service.Sharing`.
"""
