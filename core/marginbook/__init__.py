"""
Asks every derivatives account that you own, at every venue, what it holds, and writes one balance report.
"""

from marginbook.accounts import Account
from marginbook.collecting import Progress, collect, replay
from marginbook.errors import (
    ApiError,
    AuditError,
    ClockError,
    ConfigurationError,
    CredentialsError,
    DeadlineError,
    IncompleteReportError,
    InvalidResponseError,
    MarginbookError,
    PermissionDeniedError,
    PluginError,
    RateLimitedError,
    UnavailableError,
)
from marginbook.hookspecs import API_VERSION, hookimpl
from marginbook.limits import Limit
from marginbook.loading import load_accounts
from marginbook.registry import venues
from marginbook.report import BalanceReport, Failure, Note, Total
from marginbook.values import Balance, Lock, Statement, exact
from marginbook.values.times import from_milliseconds
from marginbook.venues import Clock, Credential, Option, Venue

__all__ = [
    "API_VERSION",
    "Account",
    "ApiError",
    "AuditError",
    "Balance",
    "BalanceReport",
    "Clock",
    "ClockError",
    "ConfigurationError",
    "Credential",
    "CredentialsError",
    "DeadlineError",
    "Failure",
    "IncompleteReportError",
    "InvalidResponseError",
    "Limit",
    "Lock",
    "MarginbookError",
    "Note",
    "Option",
    "PermissionDeniedError",
    "PluginError",
    "Progress",
    "RateLimitedError",
    "Statement",
    "Total",
    "UnavailableError",
    "Venue",
    "collect",
    "exact",
    "from_milliseconds",
    "hookimpl",
    "load_accounts",
    "replay",
    "venues",
]
