"""Things that live for minutes: codes, sessions of pages, rate limits, leases.

Owns: the `EphemeralStore` protocol and its two implementations, which pass one conformance suite. Does not own:
anything that must survive. Entry points: `store.EphemeralStore`, `memory.InProcessStore`, `redis.RedisStore`.
"""
