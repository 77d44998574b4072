"""`python -m shouwang.cli`."""

from __future__ import annotations

from shouwang.cli.main import main

if __name__ == "__main__":
    main()
