"""What several tests share: the repository itself and the assembled package."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return ROOT


@pytest.fixture(scope="session")
def embedded_package() -> Path:
    """The assembled embedded package; a test that needs it never passes without it."""
    folder = ROOT / "packages" / "embedded"
    if not (folder / "manifest.json").exists():
        pytest.fail(f"{folder.relative_to(ROOT)} is not assembled. Type: make package", pytrace=False)
    return folder
