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
from marginbook.output import Output, View
from marginbook.pricing import load_prices, prices
from marginbook.registry import venues
from marginbook.report import BalanceReport, Failure, Note, PriceBook, Total, Valuation
from marginbook.values import Balance, Lock, Price, Recording, Statement, Summary, exact
from marginbook.values.times import from_milliseconds
from marginbook.venues import DETAIL, Clock, Credential, Option, PriceSource, Venue

__all__ = [
    "API_VERSION",
    "DETAIL",
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
    "Output",
    "PermissionDeniedError",
    "PluginError",
    "Price",
    "PriceBook",
    "PriceSource",
    "Progress",
    "RateLimitedError",
    "Recording",
    "Statement",
    "Summary",
    "Total",
    "UnavailableError",
    "Valuation",
    "Venue",
    "View",
    "collect",
    "exact",
    "from_milliseconds",
    "hookimpl",
    "load_accounts",
    "load_prices",
    "prices",
    "replay",
    "venues",
]
