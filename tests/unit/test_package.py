"""A package is checked whole before anything in it is parsed."""

import pytest

from models.digest import digest_file
from models.errors import PackageInvalid
from models.package import MANIFEST, DefectClass, Manifest, ModelPackage, PackageFacts, Zone
from tests.integration import tiny_mind


@pytest.fixture
def folder(tmp_path):
    """A package of one file."""
    (tmp_path / "eyes.onnx").write_bytes(b"a graph of some bytes")
    files = {"eyes.onnx": digest_file(tmp_path / "eyes.onnx")}
    (tmp_path / MANIFEST).write_bytes(Manifest(**dict(tiny_mind.facts("sha256:0")), files=files).to_bytes())
    return tmp_path


def test_a_package_is_named_by_its_manifest(folder):
    package = ModelPackage.load(folder)

    assert package.digest == digest_file(folder / MANIFEST)
    assert package.path("eyes.onnx").read_bytes() == b"a graph of some bytes"


def test_one_altered_byte_is_refused_and_the_file_named(folder):
    content = bytearray((folder / "eyes.onnx").read_bytes())
    content[3] ^= 1
    (folder / "eyes.onnx").write_bytes(content)

    with pytest.raises(PackageInvalid, match=r"eyes\.onnx: digest .* the file was altered or cut"):
        ModelPackage.load(folder)


def test_a_missing_file_is_refused(folder):
    (folder / "eyes.onnx").unlink()

    with pytest.raises(PackageInvalid, match=r"eyes\.onnx: No such file"):
        ModelPackage.load(folder)


def test_a_missing_package_says_how_to_make_it(tmp_path):
    with pytest.raises(
        PackageInvalid, match=r"inspector assemble.*another product .* `inspector teach .* --to FOLDER`"
    ):
        ModelPackage.load(tmp_path / "none")


def test_an_unknown_field_is_refused(folder):
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text.replace('"family"', '"relations":"none","family"'))

    with pytest.raises(PackageInvalid, match=r"manifest\.json: relations: Extra"):
        ModelPackage.load(folder)


def test_a_file_outside_the_package_is_refused(folder):
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text.replace('"eyes.onnx"', '"../eyes.onnx"'))

    with pytest.raises(PackageInvalid, match="outside the package"):
        ModelPackage.load(folder)


def test_a_file_that_no_disk_can_hold_is_refused(folder):
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text(text.replace('"eyes.onnx"', r'"a\u0000b"'))

    with pytest.raises(PackageInvalid, match=r"files: 'a\\x00b' is no file name"):
        ModelPackage.load(folder)


def test_a_file_that_the_manifest_does_not_name_is_not_given(folder):
    (folder / "mind.onnx").write_bytes(b"smuggled in")

    with pytest.raises(PackageInvalid, match=r"has no mind\.onnx"):
        ModelPackage.load(folder).path("mind.onnx")


def test_a_sheet_adds_its_words_behind_the_packages_own():
    facts = tiny_mind.facts("sha256:0")

    glossary = facts.glossary_with({"spot": ("fleck", "mark")})

    assert glossary["spot"] == ("what spot is", "mark", "fleck")
    assert glossary["foil"] == ("where foil is",)


def test_a_mind_that_was_taught_another_language_is_refused(folder):
    facts = dict(tiny_mind.facts("sha256:0")) | {"language": 1}
    files = {"eyes.onnx": digest_file(folder / "eyes.onnx")}
    (folder / MANIFEST).write_bytes(Manifest(**facts, files=files).to_bytes())

    with pytest.raises(PackageInvalid, match=r"taught to judge in language 1, this program asks in \d"):
        ModelPackage.load(folder)


@pytest.mark.parametrize("name", ["", "2 mm", "seal; foil", "a=b"])
def test_a_name_that_notes_could_not_tell_from_their_own_words_is_refused(name):
    with pytest.raises(ValueError, match="Use another name"):
        Zone(name=name, about="a place")
    with pytest.raises(ValueError, match="Use another name"):
        DefectClass(name=name, about="a defect")


@pytest.mark.parametrize("name", ["left on right", "not used", "foil on"])
def test_a_place_that_says_another_place_is_refused(name):
    with pytest.raises(ValueError, match="Use another name"):
        Zone(name=name, about="a place")


@pytest.mark.parametrize("name", ["stain on foil", "not foil"])
def test_a_class_that_ends_in_a_place_of_the_package_is_refused(name):
    facts = dict(tiny_mind.facts("sha256:0"))
    zones = [Zone(name="foil", about="a place")]

    with pytest.raises(ValueError, match="cannot be told from a class on the zone 'foil'"):
        PackageFacts(**facts | {"zones": zones, "defects": [DefectClass(name=name, about="a defect")]})
    PackageFacts(**facts | {"zones": zones, "defects": [DefectClass(name="stain on cap", about="a defect")]})
