"""What every package stands on.

Owns: mechanisms that at least two packages use and that have a noun for a name: errors, clock, database, audit,
ephemeral store, blobs, identifiers, crypto, web shell. Does not own: any business word (person, licence, seal, client).
Entry points: the modules themselves; nothing is re-exported here.
"""
