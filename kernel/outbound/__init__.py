"""Calls to addresses that somebody else named, so that nobody can make us call our own network (SSRF).

Owns: which addresses may be called, calling them. Does not own: calls to providers that the operator set up.
Rules: https, except where the operator allows the network; every resolved address is judged, the judged one is called;
no redirects, no proxies of the environment, an end to size and time.
Entry points: `policy.OutboundPolicy`, `fetch.GuardedFetcher`.
"""
