"""
The difference of two reports.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from attrs import asdict, evolve, field, frozen

from marginbook.errors import ConfigurationError
from marginbook.reconciling.changes import AccountChange, Change, Flag, LockChange, State, SummaryChange
from marginbook.reconciling.comparing import compare_locks, compare_summaries, flags_of, held, new, vanished
from marginbook.reconciling.thresholds import EVERY, Threshold, thresholds_of
from marginbook.values import Lock, Summary, plain
from marginbook.values.times import moment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from marginbook.report import BalanceReport
    from marginbook.values import Balance

SCHEMA: Final = "marginbook.difference"
SCHEMA_VERSION: Final = 1


def _tuple(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(items)


@frozen(kw_only=True)
class Difference:
    """
    What changed from one report to another.

    Only accounts that both reports could read are compared. The others are named, and never shown as a move.
    """

    #: When the accounts of the first report were asked, and those of the second, in UTC.
    before_at: datetime = field(converter=moment)
    after_at: datetime = field(converter=moment)
    #: The accounts that the first report lacks since they could not be read, and those that the second lacks.
    missing_before: tuple[str, ...] = field(default=(), converter=_tuple)
    missing_after: tuple[str, ...] = field(default=(), converter=_tuple)
    #: The accounts that are not compared.
    accounts: tuple[AccountChange, ...] = field(default=(), converter=_tuple)
    #: Each row of the accounts that are, whether it changed or not.
    changes: tuple[Change, ...] = field(default=(), converter=_tuple)
    #: The locks that changed.
    locks: tuple[LockChange, ...] = field(default=(), converter=_tuple)
    #: The summaries that changed.
    summaries: tuple[SummaryChange, ...] = field(default=(), converter=_tuple)
    #: What a person should look at.
    flags: tuple[Flag, ...] = field(default=(), converter=_tuple)
    #: Remarks on the whole.
    notes: tuple[str, ...] = field(default=(), converter=_tuple)

    @property
    def complete(self) -> bool:
        """
        True if both reports could read every account that they asked for.
        """
        return not self.missing_before and not self.missing_after

    def to_dict(self) -> dict[str, Any]:
        """
        Return the difference in JSON's own types: decimals and times as strings, None for what is not known.
        """
        document = asdict(self, value_serializer=_serialize)
        for change, row in zip(self.changes, document["changes"], strict=True):
            row["notes"] = list(change.notes)
        for summary, row in zip(self.summaries, document["summaries"], strict=True):
            row["margin_ratios"] = [None if ratio is None else plain(ratio) for ratio in summary.margin_ratios]
        return {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "complete": self.complete, **document}

    def to_json(self, *, indent: int | None = 2) -> str:
        """
        Write the difference as JSON, with a line end.
        """
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False) + "\n"

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Difference:
        """
        Read what `to_dict` wrote.

        Raises:
            ConfigurationError: It is no difference, or of a version that this marginbook does not know.

        """
        document = document if isinstance(document, Mapping) else {}
        if (document.get("schema"), document.get("schema_version")) != (SCHEMA, SCHEMA_VERSION):
            msg = f"This is no {SCHEMA} of version {SCHEMA_VERSION}."
            raise ConfigurationError(msg, hint="Read it with the version of marginbook that wrote it.")
        try:
            difference = _read(document)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            msg = f"The difference cannot be read ({type(error).__name__}: {error})."
            raise ConfigurationError(msg, hint="It was changed or cut off: write it anew.") from None
        if difference.to_dict() != document:
            msg = "The difference contradicts itself."
            raise ConfigurationError(msg, hint="It was changed after it was written: write it anew.")
        return difference


def diff(
    before: BalanceReport,
    after: BalanceReport,
    *,
    thresholds: Mapping[str, Threshold | Decimal | int | str] | None = None,
    accounts: Collection[str] = (),
) -> Difference:
    """
    Say what changed from one report to another: per account and asset, opening, changes and closing.

    Args:
        before: The report that is the basis.

        after: The report that is compared with it.

        thresholds: How much a row may move before it is flagged, by asset: an amount in its units, or a text such as
            ``"5%"`` of the opening figure. ``"*"`` stands for each other asset, with a percentage. Without a threshold,
            a move is told and not flagged.

        accounts: The names of the accounts to look at; all, unless given.

    Raises:
        ConfigurationError: A threshold is none, an account is in neither report, or a report has two rows of one asset.

        TypeError: A threshold is a float.

    """
    limits = thresholds_of(thresholds or {})
    before, after = _only(before, after, accounts)
    others = [*_accounts(before, after)]
    left_out = {(other.account, other.venue) for other in others}
    changes = _changes(_rows(before, left_out), _rows(after, left_out))
    locks = compare_locks(_kept(before.locks, left_out), _kept(after.locks, left_out))
    summaries = compare_summaries(_kept(before.summaries, left_out), _kept(after.summaries, left_out))
    return Difference(
        before_at=before.started_at,
        after_at=after.started_at,
        missing_before=before.missing,
        missing_after=after.missing,
        accounts=others,
        changes=changes,
        locks=locks,
        summaries=summaries,
        flags=[
            *(other.flag() for other in others),
            *(flag for change in changes for flag in flags_of(change, limits.get(change.asset, limits.get(EVERY)))),
            *(lock.flag() for lock in locks),
            *(flag for summary in summaries for flag in summary.flags()),
        ],
        notes=_notes(before, after, limits),
    )


def _only(before: BalanceReport, after: BalanceReport, names: Collection[str]) -> tuple[BalanceReport, BalanceReport]:
    if strangers := sorted({*names}.difference(before.accounts, after.accounts)):
        msg = f"There is no account {', '.join(map(repr, strangers))} in either report."
        known = ", ".join(sorted({*before.accounts, *after.accounts}))
        raise ConfigurationError(msg, hint=f"There are {known}." if known else "The reports have no accounts.")
    return (_of(before, names), _of(after, names)) if names else (before, after)


def _of(report: BalanceReport, names: Collection[str]) -> BalanceReport:
    def some(items: Iterable[Any]) -> list[Any]:
        return [item for item in items if item.account in names]

    return evolve(
        report,
        accounts={name: venue for name, venue in report.accounts.items() if name in names},
        balances=some(report.balances),
        locks=some(report.locks),
        summaries=some(report.summaries),
        failures=some(report.failures),
        notes=some(report.notes),
    )


def _accounts(before: BalanceReport, after: BalanceReport) -> Iterable[AccountChange]:
    """
    Yield each account that cannot be compared.
    """
    reasons = {(f.account, f.venue): f"{f.kind}: {f.message}" for report in (before, after) for f in report.failures}
    for key in sorted({*before.accounts.items(), *after.accounts.items()}):
        states = _state(before, *key), _state(after, *key)
        if states != ("ok", "ok"):
            yield AccountChange(
                account=key[0], venue=key[1], before=states[0], after=states[1], reason=reasons.get(key, "")
            )


def _state(report: BalanceReport, account: str, venue: str) -> State:
    if report.accounts.get(account) != venue:
        return "absent"
    return "failed" if account in report.missing else "ok"


def _kept(items: Iterable[Any], left_out: Collection[tuple[str, str]]) -> list[Any]:
    return [item for item in items if (item.account, item.venue) not in left_out]


def _rows(report: BalanceReport, left_out: Collection[tuple[str, str]]) -> dict[tuple[str, str], Balance]:
    rows = _kept(report.balances, left_out)
    counts = Counter((row.account, row.asset) for row in rows)
    if twice := [" ".join(key) for key, count in counts.items() if count > 1]:
        msg = f"A report has more than one row of {', '.join(twice)}, so it is not known which one is right."
        raise ConfigurationError(msg)
    return {(row.account, row.asset): row for row in rows}


def _changes(before: Mapping[tuple[str, str], Balance], after: Mapping[tuple[str, str], Balance]) -> list[Change]:
    both = [held(before[key], after[key]) for key in before.keys() & after.keys()]
    come = [new(after[key]) for key in after.keys() - before.keys()]
    gone = [vanished(before[key]) for key in before.keys() - after.keys()]
    return sorted([*both, *come, *gone], key=lambda change: (change.account, change.asset))


def _notes(before: BalanceReport, after: BalanceReport, limits: Collection[str]) -> Iterable[str]:
    if before.started_at > after.started_at:
        yield "The first report is newer than the second: the changes are told backwards."
    assets = {row.asset for report in (before, after) for row in report.balances}
    if strangers := sorted({*limits}.difference(assets, [EVERY])):
        yield f"Neither report has a row of {', '.join(strangers)}, which has a threshold."


def _serialize(_: object, __: object, value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case tuple():
            return list(value)
        case Decimal():
            return plain(value)
    return value


def _read(document: Mapping[str, Any]) -> Difference:
    changes = [{name: found for name, found in row.items() if name != "notes"} for row in document["changes"]]
    return Difference(
        before_at=document["before_at"],
        after_at=document["after_at"],
        missing_before=document["missing_before"],
        missing_after=document["missing_after"],
        accounts=[AccountChange(**row) for row in document["accounts"]],
        changes=[Change(**row) for row in changes],
        locks=[LockChange(**{**row, **_ends(row, Lock)}) for row in document["locks"]],
        summaries=[_summary(row) for row in document["summaries"]],
        flags=[Flag(**row) for row in document["flags"]],
        notes=document["notes"],
    )


def _summary(row: Mapping[str, Any]) -> SummaryChange:
    return SummaryChange(account=row["account"], venue=row["venue"], **_ends(row, Summary))


def _ends(row: Mapping[str, Any], kind: type[Lock | Summary]) -> dict[str, Any]:
    return {side: None if row[side] is None else kind(**row[side]) for side in ("before", "after")}
