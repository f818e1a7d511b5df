"""
An environment for each library, as its users have it: installed from its wheel, without anybody else's.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: What is installed into which environment.
PINNED: Final = {
    "ccxt": ["ccxt==4.5.90"],
    # These two have a package of the same name, binance.
    "python-binance": ["python-binance==1.0.37"],
    "futures-connector": ["binance-futures-connector==4.2.0"],
    "official-sdk": ["binance-sdk-derivatives-trading-usds-futures==18.0.1"],
    "requests": ["requests==2.34.2"],
    "urllib3": ["urllib3==2.8.0"],
}

#: Plugins of strangers beside marginbook, in environments that are named after their number.
PLUGINS: Final = (0, 10, 50)

#: What a stranger's plugin is: nobody has an account there, so it should cost nothing.
_PLUGIN: Final = """
from marginbook import Statement, Venue, hookimpl

VENUE = Venue(id="stranger-{n}", title="Stranger {n}", fetch=lambda account, session: Statement())


@hookimpl
def marginbook_venues():
    return [VENUE]
"""


@dataclass(frozen=True)
class Environment:
    """
    A virtual environment.
    """

    folder: Path

    @property
    def python(self) -> Path:
        """
        Its interpreter.
        """
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def version(self, package: str) -> str:
        """
        Return which version of a package is installed.
        """
        code = f"import importlib.metadata; print(importlib.metadata.version({package!r}))"
        return subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def make(folder: Path, *, project: Path) -> dict[str, Environment]:
    """
    Make all environments in *folder*, with marginbook from the sources in *project*; or keep those that are as wanted.
    """
    made = {name: _made(folder / name, wanted) for name, wanted in PINNED.items()}
    with tempfile.TemporaryDirectory() as built:
        _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", built, str(project))
        (ours,) = Path(built).glob("*.whl")
        # Its version says nothing of what has changed in the sources.
        digest = hashlib.sha256(ours.read_bytes()).hexdigest()
        for number in PLUGINS:
            strangers = [str(_plugin(Path(built), n)) for n in range(number)]
            name = f"marginbook-{number}"
            made[name] = _made(folder / name, [str(ours), *strangers], digest)
    return made


def _made(folder: Path, wanted: list[str], digest: str = "") -> Environment:
    environment, note = Environment(folder), folder / "wanted.txt"
    known = digest or "\n".join(wanted)
    if not note.exists() or note.read_text(encoding="utf-8") != known:
        venv.create(folder, clear=True, symlinks=os.name != "nt")
        _pip("--python", str(environment.python), "install", *wanted)
        note.write_text(known, encoding="utf-8")
    return environment


def _plugin(folder: Path, number: int) -> Path:
    name = f"stranger_{number}"
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", _PLUGIN.format(n=number))
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/entry_points.txt", f"[marginbook]\nstranger-{number} = {name}\n")
        archive.writestr(f"{about}/RECORD", "")
    return wheel


def _pip(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words], check=True)


def versions(made: dict[str, Environment]) -> dict[str, str]:
    """
    Return the versions of what is measured, and of what it is made of.
    """
    ours = made[f"marginbook-{PLUGINS[-1]}"]
    peers = {wanted[0].partition("==")[0]: made[name] for name, wanted in PINNED.items()}
    asked = {**dict.fromkeys(("marginbook", "attrs", "pluggy"), ours), **peers}
    return {package: environment.version(package) for package, environment in asked.items()}
