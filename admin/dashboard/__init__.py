"""The console's first page: what this person can do here, and how many of each thing there are.

Does not own: any figure; each comes from the service that owns what is counted.
"""
