"""
What marginbook says: balances, locks, failures, and the exact amounts in them.
"""

from marginbook.values.balance import AMOUNTS, Balance, Lock, Statement
from marginbook.values.identities import derive
from marginbook.values.money import exact, plain, total

__all__ = ["AMOUNTS", "Balance", "Lock", "Statement", "derive", "exact", "plain", "total"]
