"""
What marginbook says: balances, locks, failures, and the exact amounts in them.
"""

from functools import partial
from typing import TYPE_CHECKING

from marginbook.late import find
from marginbook.values.balance import AMOUNTS, VALUED, Balance, Statement
from marginbook.values.identities import SUMS, compare, derive
from marginbook.values.money import exact, figure, less, plain, product, ratio, total

if TYPE_CHECKING:
    from marginbook.values.conversion import TABLE, convert
    from marginbook.values.lock import LOCK_AMOUNTS, Lock
    from marginbook.values.margins import Margin
    from marginbook.values.price import Price
    from marginbook.values.recording import Recording
    from marginbook.values.summary import SUMMARY_AMOUNTS, Summary
else:
    # Many reports have none of these.
    __getattr__ = partial(
        find,
        __name__,
        {
            "TABLE": "marginbook.values.conversion",
            "convert": "marginbook.values.conversion",
            "LOCK_AMOUNTS": "marginbook.values.lock",
            "Lock": "marginbook.values.lock",
            "Margin": "marginbook.values.margins",
            "Price": "marginbook.values.price",
            "Recording": "marginbook.values.recording",
            "SUMMARY_AMOUNTS": "marginbook.values.summary",
            "Summary": "marginbook.values.summary",
        },
    )

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
