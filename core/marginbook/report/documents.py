"""
A report in JSON's own types, and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from attrs import asdict, has

from marginbook.errors import ConfigurationError, PluginError
from marginbook.report.outcomes import Failure, Note
from marginbook.report.report import BalanceReport
from marginbook.values import AMOUNTS, Balance, Lock, Summary, plain

SCHEMA: Final = "marginbook.balance-report"
SCHEMA_VERSION: Final = 2


def document(value: Any) -> dict[str, Any]:
    """
    Return a value by field: decimals and times as strings, None for what is not known.
    """
    return asdict(value, value_serializer=_serialize)


def _serialize(_: object, __: object, value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case tuple():
            return list(value)
        case None | str() | int():
            return value
    # What holds values of ours is taken apart next.
    return value if has(type(value)) else plain(value)


def written(report: BalanceReport) -> dict[str, Any]:
    """
    Do what `BalanceReport.to_dict` has to.
    """
    failed = set(report.missing)
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "complete": report.complete,
        "started_at": report.started_at.isoformat(),
        "finished_at": report.finished_at.isoformat(),
        "accounts": {
            name: {"venue": venue, "state": "failed" if name in failed else "ok"}
            for name, venue in report.accounts.items()
        },
        "failures": [document(failure) for failure in report.failures],
        "notes": [document(note) for note in report.notes],
        "totals": {asset: document(total) for asset, total in report.totals().items()},
        "balances": [_balance_document(balance) for balance in report.balances],
        "locks": [document(lock) for lock in report.locks],
        "summaries": [document(summary) for summary in report.summaries],
    }


def read(document: Mapping[str, Any]) -> BalanceReport:
    """
    Do what `BalanceReport.from_dict` has to.

    Raises:
        ConfigurationError: It is no balance report, or of a version that this marginbook does not know.

    """
    document = _upgraded(document if isinstance(document, Mapping) else {})
    if (document.get("schema"), document.get("schema_version")) != (SCHEMA, SCHEMA_VERSION):
        msg = f"This is no {SCHEMA} of version {SCHEMA_VERSION} or before."
        raise ConfigurationError(msg, hint="Read it with the version of marginbook that wrote it.")
    try:
        report = BalanceReport(
            accounts={name: account["venue"] for name, account in document["accounts"].items()},
            balances=map(_balance, document["balances"]),
            locks=[Lock(**lock) for lock in document["locks"]],
            summaries=[Summary(**summary) for summary in document["summaries"]],
            failures=[Failure(**failure) for failure in document["failures"]],
            notes=[Note(**note) for note in document["notes"]],
            started_at=document["started_at"],
            finished_at=document["finished_at"],
        )
    except (AttributeError, KeyError, TypeError, ValueError, PluginError) as error:
        msg = f"The balance report cannot be read ({type(error).__name__}: {error})."
        raise ConfigurationError(msg, hint="It was changed or cut off: write it anew.") from None
    if report.to_dict() != document:
        msg = "The balance report contradicts itself: totals or states do not follow from its rows."
        raise ConfigurationError(msg, hint="It was changed after it was written: write it anew.")
    return report


#: What locks of version 1 do not say.
_NOT_TOLD: Final = dict.fromkeys(("isolated", "maintenance_margin", "equity"))


def _upgraded(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    Return what an older marginbook wrote as this one would have. Version 1 had no summaries, and no isolated
    positions among the locks.
    """
    document = {name: part for name, part in document.items() if name != "valuation"}
    if (document.get("schema"), document.get("schema_version")) == (SCHEMA, 1) and "summaries" not in document:
        locks = [{**lock, **_NOT_TOLD} for lock in document.get("locks", [])]
        return {**document, "schema_version": SCHEMA_VERSION, "locks": locks, "summaries": []}
    return document


def _balance_document(balance: Balance) -> dict[str, Any]:
    told = document(balance)
    del told["_derived"]
    return told | {"basis": balance.basis, "notes": told["notes"]}


def _balance(document: Mapping[str, Any]) -> Balance:
    values = dict(document)
    basis = values.pop("basis")
    derived = {name: text.removeprefix("derived: ") for name, text in basis.items() if text != "reported"}
    if missing := [name for name in AMOUNTS if (values[name] is None) is (name in basis)]:
        msg = f"{', '.join(missing)}: the basis does not fit the amounts"
        raise ValueError(msg)
    return Balance(**values, derived=derived)
