"""Entry point: answers ``--version`` before anything is imported."""

import gc
import os
import sys

from reconciler import __version__

WINDOWS = "reconciler runs on Linux and macOS; on Windows run it in WSL or a container.\n"
"""The ledger trusts what these promise of a file: rights, links, and a folder that can be synced."""


def main() -> None:
    """Run the command line (the console script)."""
    if sys.argv[1:] == ["--version"]:
        try:
            sys.stdout.write(f"reconciler {__version__}\n")
            sys.stdout.flush()
        except OSError:  # the reader has closed the pipe, or the disk is full
            os._exit(1)
        return
    if os.name == "nt":
        sys.stderr.write(WINDOWS)
        sys.exit(1)
    gc.disable()  # what is imported stays
    from reconciler.cli import main as command

    command()


if __name__ == "__main__":
    main()
