"""
The report: what all accounts hold, and what is missing.
"""

from marginbook.report.outcomes import Failure, Note
from marginbook.report.prices import PriceBook
from marginbook.report.report import BalanceReport
from marginbook.report.totals import Total
from marginbook.report.valuation import Exclusion, Valuation, Value, ValueTotal, check_currency

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
