"""
``python -m marginbook``.
"""

from marginbook.cli import main

main()
