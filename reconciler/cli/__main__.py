"""``python -m reconciler.cli``."""

from reconciler.__main__ import main

main()
