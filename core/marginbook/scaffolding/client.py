"""
Writes the client of a plugin anew: ``python -m marginbook.scaffolding.client SPECIFICATION FOLDER``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from marginbook.errors import ConfigurationError
from marginbook.scaffolding.writing import write_client


def main(arguments: list[str]) -> str:
    """
    Write it; return what is wrong, or "".
    """
    try:
        spec, folder = map(Path, arguments)
    except ValueError:
        return "usage: python -m marginbook.scaffolding.client SPECIFICATION FOLDER"
    try:
        write_client(spec, folder)
    except (ConfigurationError, ImportError) as error:
        return f"{error}\n{getattr(error, 'hint', '')}".rstrip()
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
