"""`xinyin config`: what is set up, as a YAML file that can be kept under version control and applied again.

Owns: the form of the file, comparing it with the house, bringing the house in line. Does not own: the rules of each
thing (their services check them), people and keys (never in the file), settings (environment variables).
Entry points: `commands.app`, `document.read_document`, `plan.compare`.
"""
