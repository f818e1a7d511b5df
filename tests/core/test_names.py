"""
The names that scripts and plugins rely on.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import pytest
from attrs import fields

import marginbook
from marginbook import Account, BalanceReport, Failure, Statement


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (
            marginbook.collect,
            {
                "accounts": ...,
                "timeout": 30.0,
                "max_workers": 16,
                "executor": None,
                "progress": None,
                "machine": None,
                "detail": None,
                "record": None,
                "interruptible": False,
            },
        ),
        (marginbook.replay, {"venue": ..., "documents": ..., "options": None}),
        (marginbook.open_store, {"url_or_path": None}),
        (marginbook.load_accounts, {"path": ..., "registry": None}),
        (marginbook.venues, {}),
        (marginbook.diff, {"before": ..., "after": ..., "thresholds": None, "accounts": ()}),
        (marginbook.load_expected, {"path": ..., "only_listed": False}),
        (marginbook.check_expected, {"report": ..., "expected": ...}),
        (marginbook.alerts, {"report": ..., "conditions": ...}),
        (Account, {"name": ..., "venue": ..., "credentials": (), "options": ()}),
        (Statement, {"balances": ..., "locks": (), "notes": (), "summary": None, "recording": None}),
    ],
)
def test_calls(function: Any, expected: dict[str, Any]) -> None:
    """
    What can be said in a call, and what is meant where nothing is said.
    """
    parameters = inspect.signature(function).parameters

    assert expected == {n: ... if p.default is inspect.Parameter.empty else p.default for n, p in parameters.items()}


def test_failures() -> None:
    """
    What is told of an account that could not be read.
    """
    assert ["account", "venue", "kind", "message", "hint", "until"] == [field.name for field in fields(Failure)]


def test_reports() -> None:
    """
    What can be had from a report.
    """
    promised = (
        "balances locks failures notes complete started_at finished_at totals to_dict from_dict raise_for_failures"
    )

    assert set() == {*promised.split(), "to_json", "to_csv", "to_pandas"} - set(dir(BalanceReport))


def test_public_names() -> None:
    """
    Each public name is there, once.
    """
    assert len(set(marginbook.__all__)) == len(marginbook.__all__)
    assert all(hasattr(marginbook, name) for name in marginbook.__all__)


def test_names_that_are_not_there() -> None:
    """
    A name that nobody has is an error like any other module's.
    """
    with pytest.raises(AttributeError, match=r"^module 'marginbook' has no attribute 'differ'$"):
        marginbook.differ  # type: ignore[attr-defined]  # noqa: B018  # on purpose


def test_every_name_is_somewhere() -> None:
    """
    Each public name can be asked for, is listed, and is not a room of the same name.
    """
    found = {name: getattr(marginbook, name) for name in marginbook.__all__}

    assert [] == [name for name, value in found.items() if inspect.ismodule(value)]
    assert set(found) <= set(dir(marginbook))
    assert sorted(found) == sorted(marginbook._PLACES)


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    """
    A script that imports marginbook and may not need a report does not wait for what a report needs.
    """
    asked = "import sys, marginbook; print(*(n for n in sys.modules if n.partition('.')[0] in {'marginbook', 'attr'}))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert "marginbook" == done.stdout.strip()
