"""Seals: applying, approving by somebody else, suspending, revoking, and what each was used for.

Does not own: the register and its rules (`seal.seals`); no key is reached from here but through that service.
"""
