"""
The command.

Exit status: 0 for a complete report, 1 if something is missing from it, 2 if the question was wrong.
"""

from marginbook.cli.main import main

__all__ = ["main"]
