"""
Which accounts there are, and where their secrets are kept.
"""

from marginbook.accounts.account import Account
from marginbook.accounts.references import Secret, resolve

__all__ = ["Account", "Secret", "resolve"]
