"""
Finds plugins, and the venues in them, without letting one plugin's trouble become another's.

A venue is looked for under the entry point of its own name, and no other plugin is imported. Where two plugins have the
same venue, the one that comes with marginbook has it, then the one whose distribution comes first in the alphabet; the
other is reported.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import sys
from collections import defaultdict
from operator import attrgetter
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar

import pluggy
from attrs import evolve

from marginbook import hookspecs
from marginbook.errors import ConfigurationError, MarginbookError, PluginError
from marginbook.hookspecs import API_VERSION, PROJECT
from marginbook.seam import Venue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from importlib.metadata import Distribution, EntryPoint

    from marginbook.output import Output, View
    from marginbook.sandbox import Stage
    from marginbook.seam import PriceSource

T = TypeVar("T")

#: Names of venues or distributions, with commas between; ``*`` stands for all that do not come with marginbook.
DISABLE: Final = "MARGINBOOK_DISABLE_PLUGINS"

#: Anything but nothing and 0 makes the first problem with a plugin an error.
STRICT: Final = "MARGINBOOK_STRICT_PLUGINS"


class Source(NamedTuple):
    """
    Where a plugin comes from. Sources sort by who has a disputed venue.
    """

    foreign: bool
    distribution: str
    version: str
    module: str

    def __str__(self) -> str:
        return f"{self.module} ({self.distribution} {self.version})"


class Plugin(NamedTuple):
    """
    A plugin as it was found.

    Attributes:
        source: Where it comes from.

        names: Its entry points.

        status: ``"ok"``, ``"disabled"``, or ``"failed"`` where some or all of it cannot be used.

        problems: Why, and what to do.

        venues: What it offers and nobody else has.

        api: The version of the interface that it says it was written for; None if it says none, or was not loaded.

    """

    source: Source
    names: tuple[str, ...]
    status: Literal["ok", "disabled", "failed"]
    problems: tuple[str, ...]
    venues: tuple[Venue, ...]
    api: int | None = None


class _Found:
    """
    A plugin's entry points, which are of one module and one distribution, and what became of loading it.
    """

    def __init__(self) -> None:
        self.entry_points: list[EntryPoint] = []
        self.manager: pluggy.PluginManager | None = None
        self.venues: tuple[Venue, ...] = ()
        self.problems: list[str] = []
        self.loaded = False
        self.api: int | None = None

    @functools.cached_property
    def source(self) -> Source:
        """
        Where it comes from. To ask costs more than to load most plugins: the distribution's description is read.
        """
        return Source(*_named(self.entry_points[0].dist), self.entry_points[0].value)

    def has(self, name: str) -> bool:
        """
        Say whether one of its entry points has this name.
        """
        return any(entry_point.name == name for entry_point in self.entry_points)


class Registry:
    """
    The plugins of one environment.

    Args:
        entry_points: Where plugins may be.

        disabled: Names of venues or distributions to leave alone, or ``*`` for all foreign ones.

        strict: Raise the first problem instead of keeping it.

    """

    def __init__(
        self, entry_points: Iterable[EntryPoint], *, disabled: Iterable[str] = (), strict: bool = False
    ) -> None:
        self._strict = strict
        self._left_alone = frozenset(disabled)
        found: defaultdict[tuple[int, str], _Found] = defaultdict(_Found)
        by_name: defaultdict[str, dict[_Found, None]] = defaultdict(dict)
        for entry_point in entry_points:
            plugin = found[id(entry_point.dist), entry_point.value]
            plugin.entry_points.append(entry_point)
            by_name[entry_point.name][plugin] = None
        self._all = tuple(found.values())
        self._by_name = dict(by_name)
        # Thousands of accounts may ask for the same one.
        self._known: dict[str, Venue] = {}

    @functools.cached_property
    def _found(self) -> list[_Found]:
        # Who asks for a venue by its name does without the others, and their order.
        return sorted(self._all, key=attrgetter("source"))

    @functools.cached_property
    def _enabled(self) -> list[_Found]:
        return [found for found in self._found if self._is_enabled(found)]

    def _is_enabled(self, found: _Found) -> bool:
        return not (self._left_alone and _is_disabled(found, self._left_alone))

    def _named(self, name: str) -> list[_Found]:
        """
        Return the plugins with an entry point of this name.
        """
        named = [found for found in self._by_name.get(name, ()) if self._is_enabled(found)]
        return sorted(named, key=attrgetter("source")) if len(named) > 1 else named

    def venue(self, venue_id: str) -> Venue:
        """
        Return one venue, and import no plugin but its own where its entry point has its name.

        Raises:
            PluginError: A plugin that should have it cannot be loaded.

            ConfigurationError: Nobody has it.

        """
        if venue_id in self._known:
            return self._known[venue_id]
        named = self._named(venue_id)
        for found in self._candidates(named):
            for venue in self._load(found).venues:
                if venue.id == venue_id and self._owner(venue_id) is found:
                    self._known[venue_id] = venue
                    return venue
        # To look at all of them tells more of these.
        unknown = self._unknown(venue_id)
        if problems := [problem for found in named for problem in found.problems]:
            raise PluginError(" ".join(problems))
        raise unknown

    def _candidates(self, named: Iterable[_Found]) -> Iterator[_Found]:
        yield from named
        yield from self._enabled

    def rivals(self, venue_id: str) -> str:
        """
        Say which plugins name the same venue in their entry points, or "". Imports nothing.
        """
        named = self._named(venue_id)
        if len(named) < 2:  # noqa: PLR2004  # a rivalry takes two
            return ""
        sources = " and by ".join(str(found.source) for found in named)
        return f"The venue {venue_id!r} is provided by {sources}; the first was used. Uninstall the other."

    def venues(self) -> tuple[Venue, ...]:
        """
        Load every plugin and return every venue, by id.
        """
        return tuple(sorted((v for plugin in self.plugins() for v in plugin.venues), key=lambda v: v.id))

    def plugins(self) -> tuple[Plugin, ...]:
        """
        Load every plugin and say what became of it.
        """
        enabled = [self._load(found) for found in self._enabled]
        for found in enabled:
            self._report_lost(found)
            self._report_idle(found)
        return tuple(
            Plugin(
                source=found.source,
                names=tuple(sorted(e.name for e in found.entry_points)),
                status="disabled" if found not in enabled else "failed" if found.problems else "ok",
                problems=tuple(found.problems),
                venues=tuple(v for v in found.venues if self._owner(v.id) is found),
                api=found.api,
            )
            for found in self._found
        )

    def stages(self) -> tuple[Stage, ...]:
        """
        Return the sandbox parts of every plugin that loads and has some.
        """
        return tuple(stage for found in self._enabled for stage in self._call(self._load(found), "marginbook_stages"))

    def stages_of(self, venue_id: str) -> tuple[Stage, ...]:
        """
        Return the sandbox parts of the plugins that name a venue in their entry points. Imports no others.
        """
        named = self._named(venue_id)
        return tuple(stage for found in named for stage in self._call(self._load(found), "marginbook_stages"))

    def outputs(self) -> dict[str, Output]:
        """
        Load every plugin and return every form that a report can be written in, by name.
        """
        return self._offered()

    def output(self, name: str) -> Output:
        """
        Return one form, and import no plugin but its own where its entry point has its name.

        Raises:
            PluginError: A plugin that should have it cannot be loaded.

            ConfigurationError: Nobody has it.

        """
        outputs = self._offered(name)
        outputs = outputs if name in outputs else self.outputs()
        if name in outputs:
            return outputs[name]
        if problems := [problem for found in self._named(f"output.{name}") for problem in found.problems]:
            raise PluginError(" ".join(problems))
        msg = f"There is no output {name!r:.40}."
        raise ConfigurationError(msg, hint=f"There are {', '.join(outputs)}.")

    def output_for(self, filename: str) -> Output:
        """
        Return the form of files that end like *filename*, of the plugins with an entry point of an output.

        Raises:
            ConfigurationError: Nobody has it.

        """
        outputs = self._offered("")
        for output in outputs.values():
            if filename.lower().endswith(output.suffixes):
                return output
        known = ", ".join(suffix for output in outputs.values() for suffix in output.suffixes)
        msg = f"The name of {filename} does not tell in which form to write it."
        raise ConfigurationError(msg, hint=f"Name the form with --format, or end the name with one of {known}.")

    def price_sources(self) -> dict[str, PriceSource]:
        """
        Load the plugins that have prices by the names of their entry points, and return their sources, by id.
        """
        # What most reports do without; so below.
        from marginbook.seam import PriceSource  # noqa: PLC0415

        found = self._items("marginbook_prices", "prices", "")
        return {name: source for name, (_, source) in self._own("a source of prices", PriceSource, "id", found).items()}

    def _items(self, hook: str, kind: str, name: str | None) -> Iterator[tuple[_Found, Any]]:
        """
        Yield what the plugins describe by *hook*: all plugins; where *name* is empty, those with an entry point of this
        *kind*; or those with an entry point of that name.
        """
        for found in self._enabled:
            names = [e.name for e in found.entry_points if e.name.startswith(f"{kind}.")]
            wanted = name is None or (bool(names) if not name else f"{kind}.{name}" in names)
            for item in self._call(self._load(found), hook) if wanted else ():
                yield found, item

    def _own(
        self, what: str, kind: type[T], name: str, items: Iterable[tuple[_Found, object]]
    ) -> dict[str, tuple[_Found, T]]:
        """
        Return each item with its plugin, by name, the first of each. What cannot be used is told of its plugin.
        """
        owned: dict[str, tuple[_Found, T]] = {}
        for found, item in items:
            if not isinstance(item, kind):
                self._keep(found, f"{found.source} offers a {type(item).__name__} as {what}. Update it.")
                continue
            owner, _ = owned.setdefault(getattr(item, name), (found, item))
            if owner is not found:
                title = f"{what.partition(' ')[2]} {getattr(item, name)!r}"
                self._keep(
                    found,
                    f"The {title} is provided twice: by {owner.source}, which keeps it, and by {found.source}."
                    " Uninstall one of them.",
                )
        return owned

    def _offered(self, name: str | None = None) -> dict[str, Output]:
        from marginbook.output import Output  # noqa: PLC0415  # see price_sources

        found = self._own("an output", Output, "name", self._items("marginbook_outputs", "output", name))
        return {name: _watched(output, plugin.source) for name, (plugin, output) in found.items()}

    def _owner(self, venue_id: str) -> _Found | None:
        """
        Return who has a venue: who names it in an entry point before who does not, then by source.
        """
        # Those that are not loaded claim nothing, and neither do those that are left alone.
        claims = [found for found in self._all if any(v.id == venue_id for v in found.venues)]
        if len(claims) < 2:  # noqa: PLR2004  # nobody contests it
            return next(iter(claims), None)
        return min(claims, key=lambda found: (not found.has(venue_id), found.source))

    def _report_lost(self, found: _Found) -> None:
        for venue in found.venues:
            owner = self._owner(venue.id)
            if owner is not None and owner is not found:
                problem = (
                    f"The venue {venue.id!r} is provided twice: by {owner.source}, which keeps it,"
                    f" and by {found.source}. Uninstall one of them."
                )
                if problem not in found.problems:
                    self._keep(found, problem)

    def _report_idle(self, found: _Found) -> None:
        """
        Keep that an entry point has the name of a venue that nobody offers, and that its plugin offers nothing else.
        """
        if found.manager is None or found.problems or found.venues:
            return
        hook = found.manager.hook
        if hook.marginbook_outputs.get_hookimpls() or hook.marginbook_prices.get_hookimpls():
            return
        for name in sorted(entry_point.name for entry_point in found.entry_points):
            # Who plays another's venue in the sandbox names it as well.
            if self._owner(name) is None:
                self._keep(
                    found,
                    f"{found.source} has the entry point {name!r}, and offers no venue: let its module have a function"
                    " marginbook_venues that is marked with hookimpl and returns a list of them.",
                )

    def _load(self, found: _Found) -> _Found:
        if found.loaded:
            return found
        found.loaded = True
        try:
            plugin = found.entry_points[0].load()
            said = getattr(plugin, "MARGINBOOK_API", None)
            found.api = said if isinstance(said, int) else None
            found.manager = _registered(plugin) if isinstance(plugin, ModuleType) else _register(plugin)
        # A foreign module may raise anything at all when it is imported, or even exit.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            self._keep(found, _describe(found.source, error))
        else:
            venues = self._call(found, "marginbook_venues")
            strangers = [v for v in venues if not isinstance(v, Venue)]
            if strangers:
                self._keep(found, f"{found.source} offers a {type(strangers[0]).__name__} as a venue. Update it.")
            found.venues = tuple(v for v in venues if isinstance(v, Venue))
        return found

    def _call(self, found: _Found, hook: str) -> list[Any]:
        if found.manager is None:
            return []
        try:
            return [item for answer in getattr(found.manager.hook, hook)() for item in answer]
        # The hook is the plugin's code.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            self._keep(found, _describe(found.source, error))
            return []

    def _keep(self, found: _Found, problem: str) -> None:
        # A hook may be called again, and fail again.
        if problem not in found.problems:
            found.problems.append(problem)
        if self._strict:
            raise PluginError(problem)

    def _unknown(self, venue_id: str) -> MarginbookError:
        import difflib  # noqa: PLC0415  # few ask for a venue that nobody has

        known = [venue.id for venue in self.venues()]
        close = difflib.get_close_matches(venue_id, known, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(known) or 'none'}."
        return ConfigurationError(
            f"There is no venue {venue_id!r:.40}.",
            hint=f"{hint} 'marginbook venues' lists them, and plugins that failed.",
        )


def installed(environ: Mapping[str, str] = os.environ) -> Registry:
    """
    Return the registry of everything that is installed, less what the environment disables.
    """
    return Registry(
        _entry_points(_places()),
        disabled=filter(None, map(str.strip, environ.get(DISABLE, "").split(","))),
        strict=environ.get(STRICT, "") not in {"", "0"},
    )


def _places() -> tuple[tuple[str, int], ...]:
    """
    Return where distributions may be, each with the time at which one was last installed there or removed.
    """
    return tuple((place, _changed_at(place)) for place in sys.path)


def _changed_at(place: str) -> int:
    try:
        # Not by pathlib, which takes a place apart first: there are many, and each report looks at all of them.
        return os.stat(place or os.curdir).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


# Each report looks for plugins, and to read what every distribution says of itself takes as long as the rest of it.
@functools.lru_cache(maxsize=8)
def _entry_points(places: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:  # noqa: ARG001  # what makes it stale
    return tuple(importlib.metadata.entry_points(group=PROJECT))


def venues() -> tuple[Venue, ...]:
    """
    Return every venue of every installed plugin that loads, by id.
    """
    return installed().venues()


@functools.lru_cache(maxsize=1024)
def _named(distribution: Distribution | None) -> tuple[bool, str, str]:
    """
    Return whether a distribution is foreign, its name, and its version. It may have many entry points, and its
    description is long.
    """
    described = distribution.metadata if distribution else {"Name": "", "Version": ""}
    return described["Name"] != PROJECT, described["Name"], described["Version"]


# Each report asks for its plugins, and to look a module over takes longer than to read an account.
@functools.lru_cache(maxsize=256)
def _registered(plugin: ModuleType) -> pluggy.PluginManager:
    return _register(plugin)


def _register(plugin: Any) -> pluggy.PluginManager:
    # A manager a plugin: in pluggy, one plugin's exception would end the call for all of them.
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    wanted = getattr(plugin, "MARGINBOOK_API", API_VERSION)
    if wanted > API_VERSION:
        msg = f"it was written for version {wanted} of the plugin interface, and this is version {API_VERSION}"
        raise PluginError(msg, hint="Update marginbook.")
    try:
        manager.register(plugin)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        known = sorted(name for name in vars(hookspecs) if name.startswith(f"{PROJECT}_"))
        raise PluginError(str(error), hint=f"The hooks are {', '.join(known)}, and take nothing.") from None
    return manager


def _is_disabled(found: _Found, disabled: Collection[str]) -> bool:
    names = {found.source.distribution, *(e.name for e in found.entry_points)}
    return not names.isdisjoint(disabled) or ("*" in disabled and found.source.foreign)


def _describe(source: Source, error: BaseException) -> str:
    hint = getattr(error, "hint", "") or _update(source)
    reason = error.message if isinstance(error, MarginbookError) else f"{type(error).__name__}: {error}".rstrip(": ")
    return f"{source} cannot be used: {reason.rstrip('.')}. {hint}"


def _watched(output: Output, source: Source) -> Output:
    """
    Return the same output, whose plugin is named where its code raises what is no error of ours.
    """

    def watch(call: Any, passing: tuple[type[BaseException], ...] = (MarginbookError,)) -> Any:
        def watched(*args: View) -> Any:
            try:
                return call(*args)
            except passing:
                raise
            # It is the plugin's code.
            except (Exception, SystemExit) as error:  # noqa: BLE001
                raise PluginError(_trouble(output, source, error), hint=_update(source)) from None

        return watched if call else None

    def write(view: View) -> str | bytes:
        written: Any = output.write(view)
        if not isinstance(written, str | bytes):
            msg = f"it made a {type(written).__name__}, which is neither text nor bytes"
            raise TypeError(msg)
        return written

    # What is shown goes to standard output, which may be full, or closed, where rich exits.
    show = watch(output.show, (MarginbookError, OSError, SystemExit))
    return evolve(output, write=watch(write), show=show, check=watch(output.check))


def _trouble(output: Output, source: Source, error: BaseException) -> str:
    return (
        f"The output {output.name!r} of {source} failed: {type(error).__name__}: {error}".rstrip(": ").rstrip(".") + "."
    )


def _update(source: Source) -> str:
    return f"Update or uninstall {source.distribution or source.module}."
