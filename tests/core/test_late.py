"""
Imports that wait until somebody needs them, and Python's garbage collector meanwhile.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest

from marginbook.late import find, lasting

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    gc.enable()
    yield
    gc.unfreeze()
    gc.enable()


def is_in(generation: int, thing: object) -> bool:
    return any(one is thing for one in gc.get_objects(generation))


def test_what_lasts_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It is not looked at meanwhile, and is in the oldest generation afterwards, where nothing is frozen.
    """
    # Python 3.12 has frozen something when it starts.
    monkeypatch.setattr(gc, "get_freeze_count", lambda: 0)
    before = gc.get_stats()
    with lasting():
        made: list[Any] = [[] for _ in range(10_000)]
        assert before == gc.get_stats()

    assert gc.isenabled()
    assert is_in(2, made)
    monkeypatch.undo()
    assert gc.get_freeze_count() < len(made)


def test_garbage_is_found_later() -> None:
    """
    What refers to itself and was made meanwhile is found when everything is looked through.
    """

    class Thing:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            gone.append(True)

    gone: list[bool] = []
    with lasting():
        Thing()
    gc.collect()

    assert [True] == gone


def test_it_stays_off_for_whom_it_is_off() -> None:
    """
    So it does where one import leads to another: the first of them switches it on again.
    """
    gc.disable()
    with lasting():
        pass

    assert not gc.isenabled()
    gc.enable()
    with lasting():
        with lasting():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_is_frozen_stays_frozen() -> None:
    """
    A program that forks has frozen what it shares with its children.
    """
    mine: list[object] = []
    gc.freeze()
    with lasting():
        made: list[object] = []

    assert gc.get_freeze_count()
    assert not is_in(2, mine)
    assert not is_in(2, made)


def test_it_is_on_again_after_an_import_that_fails() -> None:
    """
    Whatever the module raises.
    """
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        find("marginbook", {"thing": "marginbook.nowhere"}, "thing")

    assert gc.isenabled()
