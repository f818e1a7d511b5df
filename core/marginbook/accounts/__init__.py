"""
Which accounts there are, and where their secrets are kept.
"""

from marginbook.accounts.account import Account
from marginbook.accounts.references import Found, Secret, resolve

__all__ = ["Account", "Found", "Secret", "resolve"]
