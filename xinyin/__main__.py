"""`python -m xinyin`."""

from xinyin.cli.main import main

main()
