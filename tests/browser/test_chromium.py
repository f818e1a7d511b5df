"""
The browser that the other tests need.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def test_a_missing_chromium_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    It says what to install, and skips nothing.
    """
    specification = importlib.util.spec_from_file_location("browser", Path(__file__).with_name("conftest.py"))
    assert specification is not None
    assert specification.loader is not None
    conftest = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(conftest)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(pytest.fail.Exception, match=r"There is no chromium on the path.*apt-get install chromium"):
        conftest.executable()
