"""
Which accounts there are, where their secrets are kept, and who else can read them.
"""

from marginbook.accounts.account import Account
from marginbook.accounts.permissions import exposure, findings
from marginbook.accounts.references import Found, Secret, resolve

__all__ = ["Account", "Found", "Secret", "exposure", "findings", "resolve"]
