"""`python -m pipeline` is `veiviser`."""

from pipeline.cli import main

main()
