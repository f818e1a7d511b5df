"""
Processes that are killed while they save.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from histories import RECORDING, Place, make_full_report
from processes import started

if TYPE_CHECKING:
    from marginbook.history.store import Store

#: Saves without end, and says when it begins, and when each is done.
SAVING: Final = """
import sys
sys.path.insert(0, sys.argv[2])
from histories import RECORDING, make_full_report
from marginbook import open_store
print("begins", flush=True)
with open_store(sys.argv[1]) as store:
    while True:
        print(store.save(make_full_report(), [RECORDING]).hash, flush=True)
"""

SUPPORT: Final = Path(__file__).parents[2] / "support"

#: How many processes are killed.
KILLS: Final = 8


def killed(place: Place, delay: float, *, begun: bool) -> list[str]:
    """
    Let a process save, kill it so many seconds after it began to, or after its first snapshot, and return the hashes
    that it told.
    """
    with started("-c", SAVING, place.name, str(SUPPORT)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        told = "" if begun else process.stdout.readline()
        time.sleep(delay)
        process.kill()
        # A line that was cut off tells no hash.
        return [line.strip() for line in (told + process.stdout.read()).splitlines(keepends=True) if line[-1] == "\n"]


def test_there_are_whole_snapshots_only(place: Place, store: Store) -> None:
    """
    Killed at any moment, what was told to be saved is there, and everything that is there is whole.
    """
    chance = random.Random(4)  # noqa: S311  # no secret depends on it
    delays = [chance.uniform(0, 0.06) for _ in range(KILLS)]
    hashes = [told for n, delay in enumerate(delays) for told in killed(place, delay, begun=n < KILLS // 2)]
    found = {entry.hash for entry in store.snapshots()}

    assert len(hashes) >= KILLS // 2
    assert set(hashes) <= found
    assert () == store.verify(hashes[-1])
    for entry in store.snapshots():
        snapshot = store.load(entry.id)
        assert (make_full_report(), (RECORDING,)) == (snapshot.report, snapshot.recordings)
