"""The command `helpline`. Errors are one line on standard error: 2 for bad input, 1 for a failure."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point; `serve` patches the standard library before anything else is imported."""
    if sys.argv[1:2] == ["serve"] and "--help" not in sys.argv:
        from helpline.serve import patch, wants_threads

        if not wants_threads():
            patch()
    from helpline.commands import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
