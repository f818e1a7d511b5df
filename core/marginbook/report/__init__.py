"""
The report: what all accounts hold, and what is missing.
"""

from functools import partial
from typing import TYPE_CHECKING

from marginbook.late import find
from marginbook.report.report import BalanceReport
from marginbook.report.totals import Total

if TYPE_CHECKING:
    from marginbook.report.outcomes import Failure, Note
    from marginbook.report.prices import PriceBook
    from marginbook.report.valuation import Exclusion, Valuation, Value, ValueTotal, check_currency
else:
    # Few reports lack something, and few are valued.
    __getattr__ = partial(
        find,
        __name__,
        {
            "Failure": "marginbook.report.outcomes",
            "Note": "marginbook.report.outcomes",
            "PriceBook": "marginbook.report.prices",
            "Exclusion": "marginbook.report.valuation",
            "Valuation": "marginbook.report.valuation",
            "Value": "marginbook.report.valuation",
            "ValueTotal": "marginbook.report.valuation",
            "check_currency": "marginbook.report.valuation",
        },
    )

__all__ = [
    "BalanceReport",
    "Exclusion",
    "Failure",
    "Note",
    "PriceBook",
    "Total",
    "Valuation",
    "Value",
    "ValueTotal",
    "check_currency",
]
