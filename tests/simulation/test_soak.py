"""
Many reports, one after the other, over real HTTP.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

import soak
from marginbook import collecting

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """
    A venue in a process of its own.
    """
    with soak.serving() as port:
        yield port


def test_nothing_grows(port: int) -> None:
    """
    After 300 reports, some of which fail, as much is held as after 75.
    """
    found = soak.soak(300, port)

    assert [] == found.problems
    assert {"ok", "unavailable", "invalid_response", "timeout"} == found.ends.keys()


def test_growth(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What is kept of each report shows.
    """
    kept: list[Any] = []
    monkeypatch.setattr(collecting, "audit", lambda report, *_: kept.append((report, report.to_dict())))

    assert "objects grew from " in " ".join(soak.soak(300, port).problems)


@pytest.mark.parametrize("name", soak.SLACK)
def test_growth_of(name: str) -> None:
    """
    So does whatever else is held for longer and longer.
    """
    held = [dict.fromkeys(soak.SLACK, 10) | {name: 10 + 2000 * number} for number in range(20)]

    (problem,) = soak.Found(Counter(), [], held, 1.0).problems

    assert f"{name} grew from 10010 to 34010" == problem


def test_peak() -> None:
    """
    A peak is no growth.
    """
    held = [dict.fromkeys(soak.SLACK, 10 + 5000 * (number == 18)) for number in range(20)]

    assert [] == soak.Found(Counter(), [], held, 1.0).problems


def test_wrong_report(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A report that does not end as it has to is a problem.
    """
    ask = soak.questions
    monkeypatch.setattr(soak, "questions", lambda port, refused: ask(refused, port))

    assert "Report 0 ended as unavailable" in soak.soak(1, port).problems[0]


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    """
    The command prints figures.
    """
    assert 0 == soak.main(["--reports", "20"])
    assert "20 reports in " in capsys.readouterr().out
