"""
Writes generated/ from specs/, or checks that it is what specs/ say.

    python specs/generate.py                 write every client
    python specs/generate.py fexgate         write one
    python specs/generate.py --check         print what differs, and exit with status 1 if anything does
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import hashlib
import io
import json
import os
import shutil
import sys
import sysconfig
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import preflight
import swagger2to3

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

SPECS: Final = Path(__file__).resolve().parent
GENERATED: Final = SPECS.parent / "generated"
PACKAGE: Final = "marginbook_clients"


class Source(NamedTuple):
    """
    What a client is written from.

    Attributes:
        spec: The file in specs/.

        root: Where its paths begin, if it is Swagger 2.0. What stands before is the business of the base URL.

        key_headers: What authenticates a caller, if the specification does not say.

    """

    spec: str
    root: str = "/"
    key_headers: tuple[str, ...] = ()


CLIENTS: Final = {
    "binance_coinm": Source("binance_coinm.openapi.yaml"),
    "binance_pm": Source("binance_pm.openapi.yaml"),
    "binance_usdm": Source("binance_usdm.openapi.yaml"),
    "bitget": Source("bitget.openapi.yaml"),
    "bitmex": Source("bitmex.openapi.yaml"),
    "bybit": Source("bybit.openapi.yaml"),
    "coinswitch": Source("coinswitch.openapi.yaml"),
    "deribit": Source("deribit.openapi.yaml"),
    "gate": Source("gate.openapi.yaml"),
    "hyperliquid": Source("hyperliquid.openapi.yaml"),
    "kraken_futures": Source("kraken_futures.openapi.yaml"),
    "kucoin_futures": Source("kucoin_futures.openapi.yaml"),
    "mexc": Source("mexc.openapi.yaml"),
    "okx": Source("okx.openapi.yaml"),
    # The gateway's examples send these headers; its specification has never known them. It was published with and
    # without the prefix /fexgate.
    "fexgate": Source("fexgate.swagger.json", root="/v1/", key_headers=("x-exgate-key", "x-exgate-secret")),
}

#: What the generator writes of its own accord. Our clients share marginbook.wire instead.
LEFT_OUT: Final = ("client.py", "errors.py", "types.py")

#: Another version of either writes something else.
PINS: Final = {"openapi-python-client": "0.29.1", "ruff": "0.17.5"}


class GenerationError(Exception):
    """
    Nothing can be generated; the text says why, and what to do.
    """


def main(arguments: list[str] | None = None) -> int:
    """
    Generate, then write or compare.
    """
    parser = argparse.ArgumentParser(prog="generate.py", description="Write generated/ from specs/, or check it.")
    parser.add_argument("--check", action="store_true", help="change nothing; print the differences, exit 1 if any")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"a client: {', '.join(CLIENTS)}; all by default")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - CLIENTS.keys()):
        parser.error(f"there is no client {', '.join(unknown)}; there are {', '.join(CLIENTS)}")
    names = options.names or list(CLIENTS)
    try:
        fresh = generate(names)
    except GenerationError as error:
        parser.exit(2, f"{error}\n")
    present = read_tree(names)
    if options.check:
        sys.stdout.writelines(compare(present, fresh))
        if present != fresh:
            parser.exit(1, "generated/ is not what specs/ say. Write it with: nox -s generate\n")
        return 0
    write_tree(present, fresh)
    return 0


def generate(names: Iterable[str]) -> dict[str, bytes]:
    """
    Return the files of some clients, and those that all share, by their path below generated/.
    """
    require_pins()
    files = {
        f"{PACKAGE}/__init__.py": _headed('"""\nThe clients of the venues, one package each.\n"""\n', ""),
        f"{PACKAGE}/py.typed": b"",
    }
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            output = Path(folder, name)
            document = _generate_client(CLIENTS[name], output)
            if costs := _costs(document):
                (output / "costs.py").write_text(costs, encoding="utf-8")
            (output / "specification.py").write_text(_specification(CLIENTS[name], document), encoding="utf-8")
            for path in sorted({*output.rglob("*.py")} - {output / left_out for left_out in LEFT_OUT}):
                source = path.read_text(encoding="utf-8")
                relative = path.relative_to(folder).as_posix()
                files[f"{PACKAGE}/{relative}"] = _headed(source, CLIENTS[name].spec)
    return files


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


def _headed(source: str, spec: str) -> bytes:
    header = f'# Generated by "nox -s generate" from specs/{spec}; do not edit.\n'
    return f"{header}{source}".encode()


def _specification(source: Source, document: dict[str, Any]) -> str:
    """
    Write a module that says which specification the client is of: the venue's version, and the file itself.
    """
    # Lines end alike everywhere, or the same file would have two hashes.
    content = (SPECS / source.spec).read_bytes().replace(b"\r\n", b"\n")
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


def _generate_client(source: Source, output: Path) -> dict[str, Any]:
    """
    Let the generator write one client, and return its specification.
    """
    document = load(source)
    # JSON whatever the specification is written in: one way in for all.
    path = output.with_suffix(".json")
    path.write_text(json.dumps(document, default=str), encoding="utf-8")
    problems = list(preflight.problems(document)) or _run_generator(path, output)
    if problems:
        raise GenerationError("\n".join(f"{source.spec}: {problem}" for problem in problems))
    return document


def load(source: Source) -> dict[str, Any]:
    """
    Read a specification as OpenAPI 3, completed by what it leaves out.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415 - comes with the generator, whose version is checked first
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - likewise

    document: dict[str, Any]
    try:
        with (SPECS / source.spec).open(encoding="utf-8") as file:
            document = json.load(file) if source.spec.endswith(".json") else YAML(typ="safe").load(file)
        if "swagger" in document:
            document = swagger2to3.convert(document, root=source.root)
    except (OSError, ValueError, YAMLError) as error:
        msg = f"{source.spec}: {error}"
        raise GenerationError(msg) from error
    return preflight.completed(document, source.key_headers)


def _run_generator(path: Path, output: Path) -> list[str]:
    """
    Run openapi-python-client with our templates, and return its complaints: a warning is as good as an error.
    """
    from jinja2 import TemplateNotFound  # noqa: PLC0415 - comes with the generator, as in load()
    from openapi_python_client import generate as generate_client  # noqa: PLC0415 - likewise
    from openapi_python_client.config import Config, ConfigFile, MetaType  # noqa: PLC0415 - likewise

    config = Config.from_sources(
        ConfigFile.load_from_path(SPECS / "openapi-python-client.yaml"),
        MetaType.NONE,
        document_source=path,
        file_encoding="utf-8",
        overwrite=False,
        output_path=output,
    )
    try:
        with _own_tools_first(), contextlib.redirect_stdout(io.StringIO()):
            errors = generate_client(config=config, custom_template_path=SPECS / "templates")
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


def read_tree(names: Collection[str]) -> dict[str, bytes]:
    """
    Return what is in generated/ now, as far as it belongs to these clients; all of it, if they are all.
    """
    others = {f"{GENERATED / PACKAGE / name}" for name in CLIENTS.keys() - set(names)}
    return {
        path.relative_to(GENERATED).as_posix(): path.read_bytes()
        for path in sorted(GENERATED.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and others.isdisjoint(map(str, path.parents))
    }


def compare(present: dict[str, bytes], fresh: dict[str, bytes]) -> Iterator[str]:
    """
    Yield a unified diff from what is there to what should be.
    """
    for path in sorted(present.keys() | fresh.keys()):
        old, new = present.get(path), fresh.get(path)
        if old == new:
            continue
        if old is None:
            yield f"generated/{path} is missing.\n"
        if new is None:
            yield f"generated/{path} is in no specification.\n"
        for line in difflib.unified_diff(
            _lines(old), _lines(new), f"generated/{path}", f"generated/{path} (as specs/ say)"
        ):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode(errors="backslashreplace").splitlines(keepends=True)


def write_tree(present: dict[str, bytes], fresh: dict[str, bytes]) -> None:
    """
    Make generated/ what it should be, and touch nothing that is so already.
    """
    for path in sorted(present.keys() - fresh.keys()):
        (GENERATED / path).unlink()
    for path, content in fresh.items():
        if present.get(path) != content:
            (GENERATED / path).parent.mkdir(parents=True, exist_ok=True)
            (GENERATED / path).write_bytes(content)
    kept = {parent for path in fresh.keys() | present.keys() for parent in Path(path).parents}
    for folder in sorted(kept - {parent for path in fresh for parent in Path(path).parents}, reverse=True):
        # Python leaves its caches behind, and a folder of nothing else can still be imported.
        shutil.rmtree(GENERATED / folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
