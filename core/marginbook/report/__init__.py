"""
The report: what all accounts hold, and what is missing.
"""

from marginbook.report.outcomes import Failure, Note
from marginbook.report.report import BalanceReport
from marginbook.report.totals import Total
from marginbook.report.valuation import VALUED, Exclusion, Valuation, Value, ValueTotal

__all__ = ["VALUED", "BalanceReport", "Exclusion", "Failure", "Note", "Total", "Valuation", "Value", "ValueTotal"]
