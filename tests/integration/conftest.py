"""What several tests of a line share: the tiny package."""

import pytest

from models.package import ModelPackage
from tests import tiny


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """The tiny package, one a file: what a test does to it stays there."""
    return tiny.build(tmp_path_factory.mktemp("tiny"))
