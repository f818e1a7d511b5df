"""
``marginbook new-venue``.
"""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new-venue")
@click.argument("name")
@click.option(
    "--spec",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="What the venue says about itself: OpenAPI 3 in YAML or JSON, or Swagger 2.0.",
)
@click.option(
    "--operation",
    "operations",
    metavar="ID",
    multiple=True,
    help="The operationId of what is called, the one that tells the balance first. May be repeated.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where to put the package. [default: here]",
)
def new_venue(name: str, spec: Path, operations: tuple[str, ...], output: Path) -> None:
    """
    Write the package of a plugin for a venue: its client, its part in the sandbox, and its tests.

    The tests run at once, and say which fields are still to be mapped. It needs pip install 'marginbook[scaffold]'.
    """
    # The generator is for authors alone.
    from marginbook.scaffolding import new_venue as write  # noqa: PLC0415

    target = write(name, spec, output, operations)
    click.echo(f"Wrote {target}. Go on with:")
    click.echo(f"    python -m pip install --editable '{target}[dev]'")
    click.echo(f"    pytest {target}")
