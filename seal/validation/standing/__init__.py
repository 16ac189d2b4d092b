"""What became of certificates after they were issued, and what to call their holders.

Owns: verdicts on revocation by lists and by responders. Does not own: chains (`seal.validation.certificates`), fetching
anything. Standards: RFC 5280 §5, RFC 6960, GB/T 38540-2020 §7.3 d.
Entry points: `revocation.judge_revocation`, `names.readable_name`.
"""
