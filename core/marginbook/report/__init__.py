"""
The report: what all accounts hold, and what is missing.
"""

from marginbook.report.outcomes import Failure, Note
from marginbook.report.report import BalanceReport
from marginbook.report.totals import Total

__all__ = ["BalanceReport", "Failure", "Note", "Total"]
