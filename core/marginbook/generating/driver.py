"""
Writes a client for a specification: runs openapi-python-client with our templates, and refuses what would be lost.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sysconfig
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from marginbook.generating import preflight, swagger2to3

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The templates, and what the generator is told besides.
HERE: Final = Path(__file__).resolve().parent

#: What the generator writes of its own accord. Our clients share marginbook.wire instead.
LEFT_OUT: Final = ("client.py", "errors.py", "types.py")

#: Another version of either writes something else.
PINS: Final = {"openapi-python-client": "0.29.1", "ruff": "0.17.5"}


class GenerationError(Exception):
    """
    Nothing can be generated; the text says why, and what to do.
    """


def client(spec: Path, *, root: str = "/", key_headers: Iterable[str] = ()) -> dict[str, str]:
    """
    Return the modules of a client, by their path below its package.

    Args:
        spec: The specification: OpenAPI 3 in YAML or JSON, or Swagger 2.0 in JSON.

        root: Where its paths begin, if it is Swagger 2.0. What stands before is the business of the base URL.

        key_headers: What authenticates a caller, if the specification does not say.

    Raises:
        GenerationError: The specification has something that could not be checked, or the generator is another version.

    """
    require_pins()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "client")
        document = load(spec, root=root, key_headers=key_headers)
        _write(document, spec.name, output)
        if costs := _costs(document):
            (output / "costs.py").write_text(costs, encoding="utf-8")
        (output / "specification.py").write_text(_specification(spec, document), encoding="utf-8")
        kept = sorted({*output.rglob("*.py")} - {output / left_out for left_out in LEFT_OUT})
        return {path.relative_to(output).as_posix(): path.read_text(encoding="utf-8") for path in kept}


def require_pins() -> None:
    """
    Refuse to go on with another version of what decides how generated/ looks.
    """
    for name, wanted in PINS.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = ""
        if found != wanted:
            msg = (
                f"generated/ is written by {name} {wanted}, but {found or 'no version of it'} is installed. "
                f"Install it with: python -m pip install {name}=={wanted}"
            )
            raise GenerationError(msg)


def _specification(spec: Path, document: dict[str, Any]) -> str:
    """
    Write a module that says which specification the client is of: the venue's version, and the file itself.
    """
    # Lines end alike everywhere, or the same file would have two hashes.
    content = spec.read_bytes().replace(b"\r\n", b"\n")
    named = f"{document['info']['version']} sha256:{hashlib.sha256(content).hexdigest()[:16]}"
    return (
        '"""\nWhich specification the client was written from.\n"""\n\n'
        "#: Its version, and the first digits of its file's hash.\n"
        f"SPECIFICATION = {json.dumps(named)}\n"
    )


def _costs(document: dict[str, Any]) -> str:
    """
    Write a module of what each operation costs of the venue's rate limits, or "" where the specification does not say.
    """
    operations = {
        f"{method.upper()} {path}": operation
        for path, item in sorted(document["paths"].items())
        for method, operation in item.items()
        if isinstance(operation, dict)
    }
    weights = {name: o["x-weight"] for name, o in operations.items() if "x-weight" in o}
    limits = {
        name: (o["x-rate-limit"]["requests"], o["x-rate-limit"]["seconds"])
        for name, o in operations.items()
        if "x-rate-limit" in o
    }
    parts = [
        *_mapping("WEIGHTS", "The weight of each operation.", weights),
        *_mapping("RATE_LIMITS", "How many requests for each operation may be sent in how many seconds.", limits),
    ]
    head = '"""\nWhat the operations cost of the venue\'s rate limits.\n"""\n\n'
    return head + "\n".join(parts) if parts else ""


def _mapping(name: str, meaning: str, found: dict[str, Any]) -> list[str]:
    lines = (f"    {json.dumps(key)}: {value},\n" for key, value in found.items())
    return [f"#: {meaning}\n{name} = {{\n{''.join(lines)}}}\n"] if found else []


def _write(document: dict[str, Any], name: str, output: Path) -> None:
    """
    Let the generator write one client.
    """
    # JSON whatever the specification is written in: one way in for all.
    path = output.with_suffix(".json")
    path.write_text(json.dumps(document, default=str), encoding="utf-8")
    problems = list(preflight.problems(document)) or _run_generator(path, output)
    if problems:
        raise GenerationError("\n".join(f"{name}: {problem}" for problem in problems))


def load(spec: Path, *, root: str = "/", key_headers: Iterable[str] = ()) -> dict[str, Any]:
    """
    Read a specification as OpenAPI 3, completed by what it leaves out.

    Raises:
        GenerationError: It cannot be read.

    """
    from ruamel.yaml import YAML  # noqa: PLC0415  # comes with the generator, whose version is checked first
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  # likewise

    document: Any
    try:
        with spec.open(encoding="utf-8") as file:
            document = json.load(file) if spec.suffix == ".json" else YAML(typ="safe").load(file)
        if not isinstance(document, dict):
            msg = "it is no OpenAPI document"
            raise ValueError(msg)  # noqa: TRY004, TRY301  # told below, like what else is wrong with it
        if "swagger" in document:
            document = swagger2to3.convert(document, root=root)
    except (OSError, ValueError, YAMLError) as error:
        msg = f"{spec.name}: {error}"
        raise GenerationError(msg) from error
    return preflight.completed(document, key_headers)


def _run_generator(path: Path, output: Path) -> list[str]:
    """
    Run openapi-python-client with our templates, and return its complaints: a warning is as good as an error.
    """
    from jinja2 import TemplateNotFound  # noqa: PLC0415 - comes with the generator, as in load()
    from openapi_python_client import generate as generate_client  # noqa: PLC0415 - likewise
    from openapi_python_client.config import Config, ConfigFile, MetaType  # noqa: PLC0415 - likewise

    config = Config.from_sources(
        ConfigFile.load_from_path(HERE / "openapi-python-client.yaml"),
        MetaType.NONE,
        document_source=path,
        file_encoding="utf-8",
        overwrite=False,
        output_path=output,
    )
    try:
        with _own_tools_first(), contextlib.redirect_stdout(io.StringIO()):
            errors = generate_client(config=config, custom_template_path=HERE / "templates")
    except TemplateNotFound as error:
        return [str(error)]
    return [f"{error.header} {error.detail or ''}".strip() for error in errors]


@contextlib.contextmanager
def _own_tools_first() -> Iterator[None]:
    """
    Let the generator, which calls ruff by name, find the one that was checked.
    """
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
