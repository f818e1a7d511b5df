"""
Notices what a plugin may not do by itself: open connections and files, read the environment and the clock, sleep.
"""

from __future__ import annotations

import builtins
import contextlib
import datetime as dt
import io
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Self

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Whoever is nearer to what is done than the plugin does it for it, and may.
TRUSTED: Final = {"marginbook", "requests", "urllib3"}

#: What is noticed, by where it is and what to use instead.
_SESSION: Final = "use the session that fetch is given"
_CLOCK: Final = "use the clock that sign is given"
_WATCHED: Final[tuple[tuple[Any, str, str], ...]] = (
    *((time, name, _CLOCK) for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter")),
    (time, "sleep", "raise an error that says whether asking again may help: the core waits"),
    *((socket.socket, name, _SESSION) for name in ("connect", "connect_ex")),
    (socket, "getaddrinfo", _SESSION),
    *((module, "open", "declare an option or a credential") for module in (builtins, io, os)),
    *((type(os.environ), name, "declare an option or a credential") for name in ("__getitem__", "__contains__")),
    (subprocess.Popen, "__init__", _SESSION),
    (threading.Thread, "start", _SESSION),
)


@define
class Guard:
    """
    Notices, while it is entered, what code of some packages does. It is done all the same, but for sleeping.

    Args:
        packages: The names of the packages.

    """

    packages: Collection[str]
    #: What was done, and what to do instead.
    offences: dict[str, str] = field(factory=dict, init=False)
    _closing: contextlib.ExitStack = field(factory=contextlib.ExitStack, init=False)

    def __enter__(self) -> Self:
        for owner, name, instead in _WATCHED:
            self._put(owner, name, self._watched(owner, name, instead))
        for module in list(sys.modules.values()):
            if _root(getattr(module, "__name__", "")) in self.packages:
                self._guard_names(module)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def _put(self, owner: Any, name: str, value: Any) -> None:
        # What a class inherits is not its own to give back.
        own = name in vars(owner)
        old = getattr(owner, name)
        setattr(owner, name, value)
        self._closing.callback(setattr, owner, name, old) if own else self._closing.callback(delattr, owner, name)

    def _guard_names(self, module: ModuleType) -> None:
        """
        Replace what a module has imported from others by name.
        """
        for name, value in list(vars(module).items()):
            if value is dt.datetime:
                self._put(module, name, self._clocked())
            elif value is dt:
                proxy = ModuleType("datetime")
                vars(proxy).update({**vars(dt), "datetime": self._clocked()})
                self._put(module, name, proxy)
            for owner, watched, instead in _WATCHED:
                if owner is time and value is self._before(watched):
                    self._put(module, name, self._watched(owner, watched, instead, value))

    def _before(self, name: str) -> object:
        return getattr(getattr(time, name), "guarded", None)

    def _clocked(self) -> type[dt.datetime]:
        guard = self

        class Kind(type):
            def __instancecheck__(cls, instance: object) -> bool:
                return isinstance(instance, dt.datetime)

        class Clocked(dt.datetime, metaclass=Kind):
            def __new__(cls, *args: Any, **kwargs: Any) -> dt.datetime:  # type: ignore[misc]  # never one of its own
                return dt.datetime(*args, **kwargs)  # noqa: DTZ001  # as the plugin says

            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> Any:
                guard.notice("datetime.now", _CLOCK)
                return dt.datetime.now(tz)

            @classmethod
            def utcnow(cls) -> Any:
                return cls.now(dt.UTC).replace(tzinfo=None)

        return Clocked

    def _watched(self, owner: Any, name: str, instead: str, old: Any = None) -> Callable[..., Any]:
        original = old or getattr(owner, name)
        spelled = "os.environ" if owner is type(os.environ) else f"{getattr(owner, '__name__', owner)}.{name}"

        def watched(*args: Any, **kwargs: Any) -> Any:
            self.notice(spelled, instead)
            return None if name == "sleep" else original(*args, **kwargs)

        watched.guarded = original  # type: ignore[attr-defined]  # see _before
        return watched

    def notice(self, what: str, instead: str) -> None:
        """
        Keep what was done, if it was the plugin that did it.
        """
        for name in _callers():
            if _root(name) in self.packages:
                self.offences[what] = f"{name} calls {what}: {instead}"
            if _root(name) in {*self.packages, *TRUSTED} or name.startswith("importlib._bootstrap"):
                return


def _callers() -> Iterator[str]:
    """
    Yield the names of the modules that are being run, the innermost first, without this one.
    """
    frame = sys._getframe(1)  # noqa: SLF001  # there is no other way to know who calls
    while frame := frame.f_back:  # type: ignore[assignment]  # the outermost has none
        name = frame.f_globals.get("__name__", "")
        if name != __name__:
            yield name


def _root(name: str) -> str:
    return name.partition(".")[0]
