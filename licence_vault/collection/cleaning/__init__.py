"""Cleaning what old registers say: every change has its rule's name, the value before and the value after.

Owns: characters (`characters`), days (`days`), numbers and how they may be repaired (`numbers`), the rules as data
(`rules.json`, `rules`), a whole row (`row`). Does not own: what a right licence is (`licence_vault.catalogue`). Pure.
"""
