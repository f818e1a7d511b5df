"""
Every command that a person or CI runs.

Offline, with what an earlier run installed: ``nox -R``.
"""

from __future__ import annotations

import os
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "typing", "check-generated", "tests", "peers", "browser"]
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True

PYPROJECT = nox.project.load_toml("pyproject.toml")

#: The Pythons that the classifiers promise.
PYTHONS = nox.project.python_versions(PYPROJECT)

#: One process for each processor. Who has nothing left to do takes tests from another, so that those of a module, and
#: what they share, mostly stay together. Some tests that a person names are run in one, where a debugger can stop.
SIDE_BY_SIDE = ("-n", "auto", "--dist", "worksteal")

#: Tests that go over the same lines thousands of times, or over those of generated/, which nobody counts: to count here
#: would double the time, and add none.
LONG = (
    "tests/faults/test_canaries.py",
    "tests/faults/test_matrix.py",
    "tests/faults/test_sweep.py",
    "tests/properties",
    "tests/simulation",
    "tests/specs/test_clients.py",
    "tests/specs/test_specifications.py",
)

#: Tests of what is the same with each Python: bodies and specifications, packages in environments of their own, and the
#: suite, which tries one code at each venue.
SAME = (
    "tests/cassettes",
    "tests/conformance",
    "tests/host",
    "tests/scaffolding",
    "tests/specs",
    "tests/test_docs_venue.py",
)


def install(session: nox.Session, group: str, *, project: bool = True) -> None:
    """
    Install a group of pinned development dependencies, and the project itself in place.
    """
    # Expanded here, since older installers do not know groups.
    requirements = nox.project.dependency_groups(PYPROJECT, group)
    session.install(*requirements, *(["--editable", "."] if project else []))


@nox.session
def lint(session: nox.Session) -> None:
    """
    Check the style, the format, and who imports whom.
    """
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")


@nox.session
def typing(session: nox.Session) -> None:
    """
    Check the types.
    """
    install(session, "typing")
    session.run("mypy", "core", "plugins", "generated", "specs", "tests", "docs", "bench", "noxfile.py")


@nox.session
def tests(session: nox.Session) -> None:
    """
    Run the tests with the Python that runs nox, and count every branch; or some of them, of which nothing is counted.
    """
    install(session, "tests")
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *SIDE_BY_SIDE, *(f"--ignore={folder}" for folder in LONG))
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")
    session.run("pytest", *SIDE_BY_SIDE, *LONG)


@nox.session(name="tests-all", python=PYTHONS)
def tests_all(session: nox.Session) -> None:
    """
    Run the tests with each Python that is supported and found, but for those that take long and ask nothing of it.
    """
    install(session, "tests")
    session.run("pytest", *SIDE_BY_SIDE, *(f"--ignore={place}" for place in (*LONG, *SAME)), *session.posargs)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """
    Run the tests with the lowest version of each library that pyproject.toml says is enough.
    """
    project = PYPROJECT["project"]
    extras = [needed for extra in project["optional-dependencies"].values() for needed in extra]
    bounds = sorted({needed.replace(">=", "==").partition(",")[0] for needed in (*project["dependencies"], *extras)})
    if loose := [bound for bound in bounds if "==" not in bound]:
        session.error(f"There is no lowest version of {', '.join(loose)}.")
    bounded = {Requirement(bound).name.lower() for bound in bounds}
    pinned = nox.project.dependency_groups(PYPROJECT, "tests")
    others = [pin for pin in pinned if Requirement(pin).name.lower() not in bounded]
    session.install(*bounds, *others, "--editable", ".")
    session.run("pytest", *SIDE_BY_SIDE, *(f"--ignore={place}" for place in LONG), *session.posargs)


@nox.session
def peers(session: nox.Session) -> None:
    """
    Let clients that nobody here wrote read the sandbox, and hold it against specs/.
    """
    install(session, "peers")
    session.run("pytest", *SIDE_BY_SIDE, *map(str, sorted(Path("tests/peers").glob("test_*.py"))), *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """
    Open the page in a real Chromium, which has to be installed: sort, filter, print and measure it.
    """
    install(session, "browser")
    session.run("pytest", *map(str, sorted(Path("tests/browser").glob("test_*.py"))), *session.posargs)


@nox.session
def simulate(session: nox.Session) -> None:
    """
    Play storms of faults in virtual time, with a million fetches, and judge each report.
    """
    install(session, "simulation")
    arguments = session.posargs or ["--fetches", "1000000", "--processes", "2"]
    session.run("python", "-m", "simulation", *arguments, env={"PYTHONPATH": "tests/support"})


@nox.session
def soak(session: nox.Session) -> None:
    """
    Ask for 100,000 reports over real HTTP, and fail if anything grows.
    """
    session.install("--editable", ".")
    arguments = session.posargs or ["--reports", "100000", "--processes", "2"]
    session.run("python", "-m", "soak", *arguments, env={"PYTHONPATH": "tests/support"})


@nox.session
def bench(session: nox.Session) -> None:
    """
    Measure how long things take, beside what other libraries take; `-- parse import` for some of it.
    """
    install(session, "bench")
    environments = session.cache_dir / "bench"
    session.run("python", "-m", "bench", "--environments", os.fspath(environments), *session.posargs)


@nox.session
def generate(session: nox.Session) -> None:
    """
    Write generated/ from specs/.
    """
    install(session, "generate")
    session.run("python", "specs/generate.py", *session.posargs)


@nox.session(name="check-generated", python=PYTHONS)
def check_generated(session: nox.Session) -> None:
    """
    Fail, with a diff, if generated/ is not what specs/ says, with each Python that is supported and found.
    """
    install(session, "generate")
    session.run("python", "specs/generate.py", "--check")


@nox.session
def record(session: nox.Session) -> None:
    """
    Record cassettes/ anew: from the sandbox and the published examples, or a live venue with MARGINBOOK_LIVE set.
    """
    install(session, "tests")
    # What is live is looked at before anything is said of it.
    what = "tests/cassettes/test_recording.py" if "MARGINBOOK_LIVE" in os.environ else "tests/cassettes"
    session.run("pytest", what, "--record-mode=rewrite", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """
    Write the tables in README.md and docs/ anew, from what the program says of itself.
    """
    install(session, "tests")
    session.run(
        "cog",
        "-r",
        "-I",
        ".",
        "-I",
        "docs",
        "-I",
        "tests/support",
        "README.md",
        *map(str, sorted(Path("docs").glob("*.md"))),
    )


@nox.session
def demo(session: nox.Session) -> None:
    """
    Show a report of made-up accounts.
    """
    session.install(".")
    session.run("marginbook", "demo", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """
    Build the distributions, install the wheel into a fresh environment, and have it print a complete report.
    """
    install(session, "build", project=False)
    folder = Path(session.create_tmp()) / "dist"
    session.run("python", "-m", "build", "--outdir", os.fspath(folder))
    fresh = folder.parent / "fresh"
    session.run("python", "-m", "venv", "--clear", os.fspath(fresh))
    python = fresh / ("Scripts" if os.name == "nt" else "bin") / "python"
    (wheel,) = folder.glob("*.whl")
    session.run(os.fspath(python), "-m", "pip", "install", "--quiet", os.fspath(wheel), external=True)
    # The status is 1 if an account is missing. The page needs files that are no modules.
    session.run(os.fspath(python), "-m", "marginbook", "demo", external=True)
    session.run(
        os.fspath(python), "-m", "marginbook", "demo", "--output", os.fspath(folder / "book.html"), external=True
    )
