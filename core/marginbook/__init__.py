"""
Asks every derivatives account that you own, at every venue, what it holds, and writes one balance report.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from marginbook.accounts import Account
    from marginbook.collecting import collect, replay
    from marginbook.errors import (
        ApiError,
        AuditError,
        ClockError,
        ConfigurationError,
        CredentialsError,
        DeadlineError,
        HistoryError,
        IncompleteReportError,
        InvalidResponseError,
        MarginbookError,
        PermissionDeniedError,
        PluginError,
        RateLimitedError,
        UnavailableError,
        UnwrittenError,
    )
    from marginbook.history import Snapshot, open_store
    from marginbook.hookspecs import API_VERSION, hookimpl
    from marginbook.limits import Limit
    from marginbook.loading import load_accounts
    from marginbook.output import Output, View
    from marginbook.pricing import load_prices, prices
    from marginbook.progress import Progress
    from marginbook.reconciling import (
        Alert,
        Difference,
        Expectation,
        Expected,
        Mismatch,
        Threshold,
        alerts,
        check_expected,
        diff,
        load_expected,
    )
    from marginbook.registry import venues
    from marginbook.report import BalanceReport, Failure, Note, PriceBook, Total, Valuation
    from marginbook.seam import DETAIL, Clock, Credential, Option, PriceSource, Venue
    from marginbook.values import (
        Balance,
        Lock,
        Margin,
        Price,
        Recording,
        Statement,
        Summary,
        exact,
        figure,
        less,
        product,
        total,
    )
    from marginbook.values.times import from_milliseconds
    from marginbook.writing import write
else:
    # Hidden from type checkers, who would take any name for a public one.
    def __getattr__(name: str) -> Any:
        """
        Import a room when a name of it is asked for: a script that may not need a report does not wait for it.
        """
        from marginbook.late import find  # noqa: PLC0415  # likewise

        return find(__name__, _PLACES, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = [
    "API_VERSION",
    "DETAIL",
    "Account",
    "Alert",
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
    "Difference",
    "Expectation",
    "Expected",
    "Failure",
    "HistoryError",
    "IncompleteReportError",
    "InvalidResponseError",
    "Limit",
    "Lock",
    "Margin",
    "MarginbookError",
    "Mismatch",
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
    "Snapshot",
    "Statement",
    "Summary",
    "Threshold",
    "Total",
    "UnavailableError",
    "UnwrittenError",
    "Valuation",
    "Venue",
    "View",
    "alerts",
    "check_expected",
    "collect",
    "diff",
    "exact",
    "figure",
    "from_milliseconds",
    "hookimpl",
    "less",
    "load_accounts",
    "load_expected",
    "load_prices",
    "open_store",
    "prices",
    "product",
    "replay",
    "total",
    "venues",
    "write",
]

#: Where each name is.
_ROOMS: Final = {
    "marginbook.accounts": ("Account",),
    "marginbook.collecting": (
        "collect",
        "replay",
    ),
    "marginbook.errors": (
        "ApiError",
        "AuditError",
        "ClockError",
        "ConfigurationError",
        "CredentialsError",
        "DeadlineError",
        "HistoryError",
        "IncompleteReportError",
        "InvalidResponseError",
        "MarginbookError",
        "PermissionDeniedError",
        "PluginError",
        "RateLimitedError",
        "UnavailableError",
        "UnwrittenError",
    ),
    "marginbook.history": (
        "Snapshot",
        "open_store",
    ),
    "marginbook.hookspecs": (
        "API_VERSION",
        "hookimpl",
    ),
    "marginbook.limits": ("Limit",),
    "marginbook.loading": ("load_accounts",),
    "marginbook.output": (
        "Output",
        "View",
    ),
    "marginbook.pricing": (
        "load_prices",
        "prices",
    ),
    "marginbook.progress": ("Progress",),
    "marginbook.reconciling": (
        "Alert",
        "Difference",
        "Expectation",
        "Expected",
        "Mismatch",
        "Threshold",
        "alerts",
        "check_expected",
        "diff",
        "load_expected",
    ),
    "marginbook.registry": ("venues",),
    "marginbook.report": (
        "BalanceReport",
        "Failure",
        "Note",
        "PriceBook",
        "Total",
        "Valuation",
    ),
    "marginbook.seam": (
        "DETAIL",
        "Clock",
        "Credential",
        "Option",
        "PriceSource",
        "Venue",
    ),
    "marginbook.values": (
        "Balance",
        "Lock",
        "Margin",
        "Price",
        "Recording",
        "Statement",
        "Summary",
        "exact",
        "figure",
        "less",
        "product",
        "total",
    ),
    "marginbook.values.times": ("from_milliseconds",),
    "marginbook.writing": ("write",),
}
_PLACES: Final = {name: room for room, names in _ROOMS.items() for name in names}
