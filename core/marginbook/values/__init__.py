"""
What marginbook says: balances, locks, failures, and the exact amounts in them.
"""

from marginbook.values.balance import AMOUNTS, Balance, Lock, Statement
from marginbook.values.identities import SUMS, derive
from marginbook.values.money import exact, plain, total

__all__ = ["AMOUNTS", "SUMS", "Balance", "Lock", "Statement", "derive", "exact", "plain", "total"]
