"""
The suite itself: which tests it has for a venue, how it tells what it found, and what it records of real accounts.
"""

from __future__ import annotations

import datetime as dt
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve

import marginbook as mb
import upright
from marginbook.registry import installed
from marginbook.sandbox import Sandbox
from marginbook.testing import LIVE, Cell, VenueConformance, bodies, conformance, declarations, live
from marginbook.testing import pytest_collection_modifyitems as choose
from marginbook.testing.guards import Guard
from marginbook.testing.subject import Body, Subject
from upright import VENUE

if TYPE_CHECKING:
    from pathlib import Path

    from marginbook.registry import Registry
    from marginbook.sandbox import Stage

#: All tests that are of some venues only.
SOME: Final = (
    "test_live_accounts_are_read",
    "test_offline_each_attempt_is_signed_afresh",
    "test_sandbox_a_wrong_clock_is_corrected",
)


class Nameless(VenueConformance):
    """
    A suite that others are made from.
    """


class Portfolio(VenueConformance):
    venue = "binance-pm"


class Gateway(VenueConformance):
    venue = "fexgate"


class Stageless(VenueConformance):
    venue = "acme"


class Given(VenueConformance):
    venue = "coinswitch"
    bodies = {"plain": {"/a": b"1"}, "detailed": ({"/a": b"2"}, {"detail": "margin"})}  # noqa: RUF012  # read only


# Each is run by other tests, and not collected here.
for suite in (Nameless, Portfolio, Gateway, Stageless, Given):
    setattr(suite, "__test__", False)  # noqa: B010  # pytest's own, which no class declares


def kept(suite: type | None, *names: str) -> list[str]:
    """
    Return which tests are left of a class.
    """
    told: list[Any] = []
    items: list[Any] = [SimpleNamespace(cls=suite, name=name) for name in names]
    config: Any = SimpleNamespace(hook=SimpleNamespace(pytest_deselected=lambda *, items: told.extend(items)))
    count = len(items)
    choose(config, items)
    assert count == len(items) + len(told)
    return [item.name for item in items]


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        (None, list(SOME)),
        (type("Other", (), {}), list(SOME)),
        (Nameless, []),
        (Portfolio, ["test_offline_each_attempt_is_signed_afresh"]),
        (Given, ["test_offline_each_attempt_is_signed_afresh", "test_sandbox_a_wrong_clock_is_corrected"]),
    ],
)
def test_which_tests_run_follows_from_the_venue(
    suite: type | None, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Without a time nothing can be corrected, and without an accounts file nobody is asked. Others' tests are their own.
    """
    monkeypatch.delenv(LIVE, raising=False)

    assert expected == kept(suite, *SOME)


def test_a_plugin_that_cannot_be_loaded_is_no_error_of_the_suite() -> None:
    """
    There is nothing to test: the one sentence that says why is told, and no stack.
    """
    with pytest.raises(pytest.UsageError, match=r"There is no venue 'nowhere'\. .*'marginbook venues' lists them"):
        kept(type("Lost", (VenueConformance,), {"venue": "nowhere"}), *SOME)


def test_a_venue_that_signs_nothing_has_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With an accounts file, the live tier runs.
    """
    monkeypatch.setenv(LIVE, "accounts.toml")
    monkeypatch.setattr(Gateway, "described", lambda: evolve(VENUE, sign=None, credentials=()))

    assert [SOME[0], SOME[2]] == kept(Gateway, *SOME)


def test_a_cell_of_the_matrix_may_differ_at_a_venue() -> None:
    """
    What becomes of an account there stands in the place of what becomes of one elsewhere.
    """
    cell = Cell("unavailable", "ok", but={"acme": ("timeout", "clock")})

    assert [("timeout", "clock"), ("unavailable", "ok")] == [cell.at("acme"), cell.at("zeta")]


def test_problems_are_told_once_and_not_too_many() -> None:
    """
    A failure names each problem, up to a dozen.
    """
    conformance._none([])
    with pytest.raises(pytest.fail.Exception) as caught:
        conformance._none([*(f"Problem {number}." for number in range(14)), "Problem 0."])

    lines = str(caught.value).splitlines()

    assert ("Problem 0.", "Problem 11.", "… and 2 more.", 13) == (lines[0], lines[11], lines[12], len(lines))


def test_what_is_given_is_read_first() -> None:
    """
    An author's bodies have options if they need some.
    """
    first, second, *_ = Given.subject().bodies

    assert (first, second) == (
        Body("plain", {"/a": b"1"}, {}),
        Body("detailed", {"/a": b"2"}, {"detail": "margin"}),
    )


def test_a_venue_that_nobody_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The suite says what the plugin lacks.
    """
    stages: list[Stage] = [upright.stage()]
    registry = SimpleNamespace(stages_of=lambda _: [evolve(stage, venue="other") for stage in stages])
    monkeypatch.setattr(conformance, "_registry", lambda: registry)
    with pytest.raises(pytest.fail.Exception, match="Nobody plays acme: give the plugin a hook marginbook_stages"):
        Stageless.stage()


def test_a_venue_that_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A venue has an entry point of its name, and its plugin no problems.
    """
    plugin = SimpleNamespace(venues=[VENUE], names=("other",), problems=["Broken."], source="acme (acme 1.0)")
    registry: Registry | Any = SimpleNamespace(plugins=lambda: [plugin])
    monkeypatch.setattr(declarations, "installed", lambda: registry)

    assert [
        "acme (acme 1.0) has no entry point 'acme' in the group marginbook: name it after the venue.",
        "Broken.",
    ] == (list(declarations.of_plugin("acme")))
    assert "No plugin has the venue zeta: install the package" in next(declarations.of_plugin("zeta"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, [False]),
        (None, ["1", "1"]),
        ("-1.9", ["-11.9", "-1.0"]),
        (bodies.Digits("7"), ["17", "8"]),
        ("", ["1", "X"]),
        ("LONG", ["LONGX", "X"]),
    ],
)
def test_other_values(value: Any, expected: list[Any]) -> None:
    """
    A field is changed into what means something else, and is of the same type.
    """
    assert expected == bodies.others(value)


def test_a_body_is_written_as_it_was() -> None:
    """
    Numbers keep their digits, and an amount's place can be found at any depth.
    """
    documents = {"/v1/a b?c": b'{"rows":[{"n":1.50,"t":"x","e":[]}],"ok":true,"none":null}'}
    found = bodies.leaves(documents)
    (rows,) = bodies.lists(documents)

    assert "/v1/a b?c rows[0].n" == str(found[0])
    assert ("a", "rows", "n") == found[0].names
    assert ("a", "label") == bodies.Leaf("400 /v1/a?c", ("label",), "none").names
    assert (
        b'{"rows":[{"n":"2","t":"x","e":[]}],"ok":true,"none":null}'
        == bodies.put(documents, found[0], "2")["/v1/a b?c"]
    )
    assert b'{"rows":[{"t":"x","e":[]}],"ok":true,"none":null}' == bodies.drop(documents, found[0])["/v1/a b?c"]
    assert [{"n": "0", "t": "x", "e": []}] == bodies.without_amounts(rows.value)


def test_a_guard_gives_back_what_it_took() -> None:
    """
    While it is there, times are times and moments are moments; then everything is as it was.
    """
    module: Any = upright
    before = (module.datetime, module.dt, module.time_ns)
    with Guard({"upright"}) as guard:
        moment: Any = module.datetime(2026, 1, 1, tzinfo=dt.UTC)
        assert isinstance(moment, module.datetime)
        assert type(moment) is dt.datetime
        assert module.datetime.utcnow().tzinfo is None

    # This module is none of those that are watched.
    assert {} == guard.offences
    assert before == (module.datetime, module.dt, module.time_ns)


@pytest.fixture
def asked() -> Any:
    """
    A venue with one account, and accounts of a sandbox that plays it.
    """
    with Sandbox([upright.stage()]) as sandbox:
        yield Subject(VENUE, upright.stage), sandbox.accounts()


def test_live_accounts_are_recorded_without_their_secrets(asked: Any, tmp_path: Path) -> None:
    """
    What a real account answers is kept under the venue's name, and is read by the offline tier from then on.
    """
    subject, accounts = asked
    folder = tmp_path / "cassettes"

    assert [] == list(live.record(subject, accounts, folder))
    assert [] == list(live.record(subject, accounts, None))
    assert ["acme-1.json"] == [path.name for path in folder.iterdir()]
    (body,) = live.recorded(folder, "acme")
    assert {"USDT", "BTC"} == {row.asset for row in subject.replay(body).balances}
    assert [] == [*live.recorded(folder, "other"), *live.recorded(None, "acme")]


def test_what_cannot_be_recorded(asked: Any, tmp_path: Path) -> None:
    """
    It is said which account failed, that there is none, and which secret would have stood in the file.
    """
    subject, accounts = asked
    closed = mb.Account("closed", "acme", accounts[0].credentials, {"base_url": "http://127.0.0.1:1"})
    key = accounts[0].credentials["api_key"].reveal()
    telling = upright.stage(write=lambda coin, wallet: {**upright.row(coin, wallet), "id": f"{key[:14]}.{key[14:]}"})

    assert "closed is unavailable: " in next(live.record(subject, [closed], tmp_path))
    assert ["The accounts file has no account of acme."] == list(live.record(subject, [], tmp_path))
    with Sandbox([telling]) as sandbox:
        (told,) = live.record(subject, sandbox.accounts(), tmp_path)
    assert "api_key would show in acme-1.json, so nothing was written: name the field in Venue.private." == told
    assert [] == list(tmp_path.iterdir())


def test_the_live_tier(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    It asks the accounts of the venue in the file that the environment names.
    """
    (stage,) = installed().stages_of("coinswitch")
    with Sandbox([stage]) as sandbox:
        path = tmp_path / "accounts.toml"
        path.write_text(sandbox.accounts_file(), encoding="utf-8")
        monkeypatch.setenv(LIVE, str(path))
        monkeypatch.setattr(Given, "cassettes", tmp_path / "cassettes")
        Given().test_live_accounts_are_read()

    assert {"detail": "balance"}.items() >= json.loads(
        (tmp_path / "cassettes" / "coinswitch-1.json").read_text(encoding="utf-8")
    )["options"].items()
