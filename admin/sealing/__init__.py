"""Sealing files by hand: send them, click where the seal goes, watch, fetch.

Owns: the pages under `/console/sealing`. Does not own: jobs (`seal.signing.jobs`), places
(`seal.documents.placement`). Entry point: `routes.routes`.
"""
