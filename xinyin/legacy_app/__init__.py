"""The legacy system of the demo: Calibre-Web 0.6.27 as it comes from PyPI, in a virtual environment of its own.

Owns: installing it from the locked list, its empty library, its accounts, starting and stopping it.
Does not own: signing people in to it, which is the gateway's work and needs no change to it.
Entry points: `application.LegacyApplication`.
"""
