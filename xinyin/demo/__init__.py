"""The demo: sandbox providers, invented people, one agency, one legacy application, on this machine alone.

Owns: what `xinyin demo` starts and the data that it enters once. Does not own: anything that production runs.
Entry point: `running.run_demo`.
"""
