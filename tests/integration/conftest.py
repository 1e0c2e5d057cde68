"""What several tests of a line share: the tiny package, and an empty store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.records import RecordStore
from models.package import ModelPackage
from tests import tiny


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """The tiny package, one a file: what a test does to it stays there."""
    return tiny.build(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    with RecordStore.open(tmp_path / "store") as opened:
        yield opened
