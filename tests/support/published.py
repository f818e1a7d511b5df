"""
What venues publish: the examples of the specifications that are written by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import yaml

SPECIFICATIONS: Final = Path(__file__).parents[2] / "specs"


def examples(client: str, *paths: str) -> dict[str, bytes]:
    """
    Return what is published as the answer of operations of a client, by their paths.
    """
    document = yaml.safe_load((SPECIFICATIONS / f"{client}.openapi.yaml").read_text(encoding="utf-8"))
    return {
        path: json.dumps(
            document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["example"]
        ).encode()
        for path in paths
    }
