"""
What marginbook says: balances, locks, failures, and the exact amounts in them.
"""

from marginbook.values.balance import AMOUNTS, LOCK_AMOUNTS, VALUED, Balance, Lock, Statement
from marginbook.values.conversion import TABLE, convert
from marginbook.values.identities import SUMS, compare, derive
from marginbook.values.margins import Margin
from marginbook.values.money import exact, figure, less, plain, product, ratio, total
from marginbook.values.price import Price
from marginbook.values.recording import Recording
from marginbook.values.summary import SUMMARY_AMOUNTS, Summary

__all__ = [
    "AMOUNTS",
    "LOCK_AMOUNTS",
    "SUMMARY_AMOUNTS",
    "SUMS",
    "TABLE",
    "VALUED",
    "Balance",
    "Lock",
    "Margin",
    "Price",
    "Recording",
    "Statement",
    "Summary",
    "compare",
    "convert",
    "derive",
    "exact",
    "figure",
    "less",
    "plain",
    "product",
    "ratio",
    "total",
]
