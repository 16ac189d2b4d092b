"""The command line: `xinyin …`, one module a noun.

Exit codes: 0 success, 1 a negative answer, 2 wrong usage or input, 3 an environment fault. An error is one line on
standard error. Entry point: `main.main`.
"""
