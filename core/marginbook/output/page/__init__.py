"""
One page for a browser: a single file, without network, that can be read, sorted and printed.
"""

from marginbook.output.page.page import write

__all__ = ["write"]
