"""
How cassettes are recorded, and what may never be in one.

They are made over real HTTP, from a server on this machine, with its address replaced by the venue's own. Set
MARGINBOOK_LIVE to an accounts file to record its venues instead; see ``cassettes/README.md``.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

import pytest
from urllib3 import connectionpool
from vcr.patch import CassettePatcherBuilder  # type: ignore[import-untyped]  # it has no types

from marginbook import Account
from marginbook.sandbox import Sandbox
from recordings import CASSETTES, INSTALLED, published_stages, recordings, scrubbing

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def playing(record_mode: str) -> Iterator[dict[str, str]]:
    """
    The address that each kind of recording is made from. Nobody listens while cassettes are replayed.
    """
    if record_mode == "none":
        yield {}
        return
    with Sandbox(published_stages()) as published, Sandbox(INSTALLED.stages()) as sandbox:
        yield {"published": published.url, "sandbox": sandbox.url}


@pytest.fixture(scope="session", autouse=True)
def threads_can_replay() -> Iterator[None]:
    """
    Let one thread at a time open a connection: vcrpy unpatches urllib3 for all of them while it does, and a request of
    another thread would leave for the network (vcrpy's issues 295 and 849), or look without end for a connection of
    the class that it saw meanwhile.
    """
    lock = threading.RLock()

    def locked(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with lock:
                return function(*args, **kwargs)

        return wrapper

    with pytest.MonkeyPatch.context() as patch:
        for pool in (connectionpool.HTTPConnectionPool, connectionpool.HTTPSConnectionPool):
            patch.setattr(pool, "_new_conn", locked(pool._new_conn))
        get = CassettePatcherBuilder._patched_get_conn
        patch.setattr(CassettePatcherBuilder, "_patched_get_conn", lambda *args: locked(get(*args)))
        yield


@pytest.fixture
def vcr_cassette_dir() -> str:
    return str(CASSETTES)


@pytest.fixture
def vcr_config(request: pytest.FixtureRequest) -> dict[str, Any]:
    """
    What is kept of a request and of an answer: as little as a replay needs.
    """
    marker = request.node.get_closest_marker("default_cassette")
    if marker is None:
        # What is only replayed says itself what it is.
        return scrubbing("", Account("any", "any"))
    recording = next(recording for recording in recordings() if recording.name == marker.args[0])
    return scrubbing(recording.kind, recording.account)
