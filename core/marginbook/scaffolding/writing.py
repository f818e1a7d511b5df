"""
Puts the package of a new venue into a folder.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from marginbook.errors import ConfigurationError
from marginbook.scaffolding.specification import chosen, operations, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from marginbook.scaffolding.specification import Operation, Property

#: What `copier` makes a package from.
TEMPLATE: Final = Path(__file__).with_name("template")

#: What is written where a specification does not say how a caller is known.
KEY_HEADERS: Final = ("X-API-KEY",)

#: Names that an option of a venue cannot have, since accounts have settings or credentials of these names already.
_TAKEN: Final = {"venue", "base_url", "weight_limit", "detail", "api_key", "api_secret"}

_is_id: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*").fullmatch


def new_venue(name: str, spec: Path, folder: Path, wanted: Iterable[str] = ()) -> Path:
    """
    Write a package for a venue, with its client, and return where it is.

    Args:
        name: The id of the venue, such as ``"acme-futures"``.

        spec: What the venue says about itself: OpenAPI 3 or Swagger 2.0.

        folder: Where to put the package's own folder.

        wanted: The ``operationId`` of each operation to call: what tells the balance first.

    Raises:
        ConfigurationError: The name is none, a package is missing, the folder is there, or the specification has
            something that could not be checked.

    """
    if not _is_id(name):
        msg = f"{name!r} cannot be the id of a venue."
        raise ConfigurationError(msg, hint="Use lower-case words of letters and digits, with hyphens between.")
    target = folder / f"marginbook-{name}"
    if target.exists():
        msg = f"{target} is there already."
        raise ConfigurationError(msg, hint="Choose another folder with --output, or move it away: it may be yours.")
    try:
        import copier  # noqa: PLC0415  # of the extra
        import openapi_python_client  # noqa: F401, PLC0415  # likewise
        from ruamel.yaml import YAML  # noqa: PLC0415  # likewise
    except ImportError as error:
        msg = f"To write a package takes the package {error.name}, which is not installed."
        raise ConfigurationError(msg, hint="pip install 'marginbook[scaffold]'") from None

    wanted = list(wanted)
    document = _loaded(spec, wanted)
    word = name.replace("-", "_")
    package = f"marginbook_{word}"
    # All of it or nothing.
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch, target.name)
        own = draft / "specs" / f"{word}.openapi.yaml"
        own.parent.mkdir(parents=True)
        with own.open("w", encoding="utf-8") as file:
            YAML().dump(document, file)
        modules = write_client(own, draft / "src" / package / "client")
        found = sorted(operations(document), key=lambda operation: wanted.index(operation.name) if wanted else 0)
        data = {
            "venue": name,
            "package": package,
            "title": document["info"].get("title", name),
            "spec": own.name,
            "hosts": _hosts(document),
            "calls": [_call(operation, modules) for operation in found],
            "options": list(_options(found).values()),
            "marginbook": metadata.version("marginbook"),
        }
        copier.run_copy(str(TEMPLATE), draft, data=data, defaults=True, quiet=True, overwrite=True)
        for operation in found:
            body = draft / "src" / package / "bodies" / f"{operation.name}.json"
            body.parent.mkdir(exist_ok=True)
            body.write_text(text(operation.example), encoding="utf-8")
        shutil.copytree(draft, target)
    return target


def _options(found: Iterable[Operation]) -> dict[str, dict[str, str]]:
    """
    Return the options that an account has to give, by name: what stands in a body and is each account's own.
    """
    return {
        _option(told.name): {
            "name": _option(told.name),
            "kind": told.kind,
            "help": repr(told.help),
            "value": repr(told.value),
        }
        for operation in found
        for told in operation.body or ()
        if told.kind
    }


def _option(name: str) -> str:
    spelled = _spelled(name)
    return f"{spelled}_asked" if spelled in _TAKEN else spelled


def _spelled(word: str) -> str:
    from openapi_python_client.strings import PythonIdentifier  # noqa: PLC0415  # takes the extra

    return str(PythonIdentifier(value=word, prefix="field_"))


def _hosts(document: dict[str, Any]) -> dict[str, str]:
    urls = [server["url"].rstrip("/") for server in document.get("servers", []) if server["url"].startswith("https://")]
    return {"production": urls[0]} if urls else {}


def _loaded(spec: Path, wanted: Iterable[str]) -> dict[str, Any]:
    from marginbook.generating import GenerationError, load, preflight  # noqa: PLC0415  # takes the extra

    try:
        document = chosen(load(spec), wanted)
    except GenerationError as error:
        msg = f"The specification cannot be used: {error}"
        raise ConfigurationError(msg, hint="Write the operations that are called by hand.") from None
    return preflight.completed(document, KEY_HEADERS)


def write_client(spec: Path, target: Path) -> dict[str, str]:
    """
    Write the client of a specification to a package's folder, in the place of what is there, and return its modules.

    Raises:
        ConfigurationError: The specification has something that could not be checked, or the generator is another one.

    """
    from marginbook.generating import GenerationError, client  # noqa: PLC0415  # takes the extra

    try:
        modules = client(spec)
    except GenerationError as error:
        msg = f"The specification cannot be used: {error}"
        raise ConfigurationError(msg, hint="Write by hand, and more simply, what it complains of.") from None
    for old in target.rglob("*.py"):
        old.unlink()
    for path, source in modules.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        head = f"# Generated by marginbook from specs/{spec.name}; do not edit.\n"
        (target / path).write_text(f"{head}{source}", encoding="utf-8")
    return modules


def _call(operation: Operation, modules: dict[str, str]) -> dict[str, Any]:
    """
    Return how an operation is called in the client.
    """
    asked = re.compile(rf'"{operation.method.upper()}",\s+"{re.escape(operation.path)}"')
    (path,) = [path for path, source in modules.items() if path.startswith("api/") and asked.search(source)]
    model = re.search(r"^def _parse\(.*\) -> (.*):$", modules[path], re.MULTILINE)
    posted = re.search(r"^    body: (\w+)", modules[path], re.MULTILINE)
    return {
        "name": operation.name,
        "path": operation.path,
        "secured": operation.secured,
        "is_post": operation.method == "post",
        "module": path.removesuffix(".py").replace("/", "."),
        "function": Path(path).stem,
        "answer": model[1] if model else "object",
        "parameters": {_spelled(name): repr(value) for name, value in operation.parameters.items()},
        "posted": posted[1] if posted else "",
        "posted_module": _module(posted[1], modules[path]) if posted else "",
        "body": [_sent(told) for told in operation.body or ()],
        "rows": "".join(f".{_spelled(step)}" for step in operation.rows) if operation.rows is not None else None,
        "asset": _spelled(operation.asset) if operation.asset else "",
    }


def _module(model: str, source: str) -> str:
    """
    Return the module that a client's function imports a model from.
    """
    found = re.search(rf"from \.\.\.models\.(\w+) import {model}$", source, re.MULTILINE)
    return found[1] if found else ""


def _sent(told: Property) -> dict[str, str]:
    value = f'account.options["{_option(told.name)}"]' if told.kind else repr(told.value)
    return {"name": repr(told.name), "value": value, "help": "" if told.kind else told.help}
