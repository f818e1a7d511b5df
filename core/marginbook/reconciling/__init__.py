"""
What changed between two reports, what was expected of one, and what somebody wants to be told of.
"""

from marginbook.reconciling.alerting import Alert, Condition, alerts, condition
from marginbook.reconciling.changes import AccountChange, Change, Flag, LockChange, SummaryChange
from marginbook.reconciling.differences import Difference, diff
from marginbook.reconciling.expectations import Expectation, Expected, load_expected
from marginbook.reconciling.expecting import Mismatch, Reconciliation, check_expected, reconcile
from marginbook.reconciling.thresholds import EVERY, Threshold, thresholds_of

__all__ = [
    "EVERY",
    "AccountChange",
    "Alert",
    "Change",
    "Condition",
    "Difference",
    "Expectation",
    "Expected",
    "Flag",
    "LockChange",
    "Mismatch",
    "Reconciliation",
    "SummaryChange",
    "Threshold",
    "alerts",
    "check_expected",
    "condition",
    "diff",
    "load_expected",
    "reconcile",
    "thresholds_of",
]
