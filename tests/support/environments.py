"""
Fresh environments, in which packages are really installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class Fresh:
    """
    An environment that sees what the tests see, and into which nothing else is installed yet.
    """

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Fresh:
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        fresh = cls(folder)
        seen = [path for path in sys.path if path and Path(path).is_dir() and not Path(path, "os.py").exists()]
        (fresh.packages / "seen.pth").write_text("\n".join(seen), encoding="utf-8")
        return fresh

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def packages(self) -> Path:
        (found,) = self.folder.glob("Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages")
        return found

    def install(self, *projects: Path) -> None:
        """
        Install packages from their sources, without asking an index for anything.
        """
        options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check")
        command = [sys.executable, "-m", "pip", "--python", *map(str, (self.python, "install", *options, *projects))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr

    def run(self, *words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """
        Run a module, and return its status, its output and its errors.
        """
        command = [str(self.python), "-m", *words]
        # Tools that are seen are found by name as well.
        path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd,
            env={**os.environ, "PATH": path, **(env or {})},
        )
        return done.returncode, done.stdout, done.stderr


def project(folder: Path, name: str, source: str, *entry_points: str, version: str = "1.0") -> Path:
    """
    Write the source of a package with one module, and return where it is.
    """
    module = name.replace("-", "_")
    target = folder / name
    target.mkdir(parents=True)
    (target / f"{module}.py").write_text(source, encoding="utf-8")
    points = "".join(f'"{entry}" = "{module}"\n' for entry in entry_points)
    (target / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\n'
        f"[project.entry-points.marginbook]\n{points}"
        f'[tool.hatch.build.targets.wheel]\nonly-include = ["{module}.py"]\n',
        encoding="utf-8",
    )
    return target
