"""The audit trail for the audit administrator: searching it, proving that it is whole.

Does not own: the trail (`kernel.audit`). Looking leaves a trace of its own.
"""
