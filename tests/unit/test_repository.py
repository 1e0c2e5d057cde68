"""What must hold of the repository as a whole, whoever changed it last."""

import doctest
import importlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from inspector.config import LineConfig
from models.criteria import CriteriaSheet
from tuning.config import load_eyes, load_mind
from tuning.teach.zones_file import ZonesFile

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("cameras", "inspector", "models", "tuning")
NEVER_ON_A_LINE_PC = {"torch", "torchvision", "transformers", "peft"}
OF_TUNING = (*sorted(NEVER_ON_A_LINE_PC), "timm", "onnxscript")
LARGEST_FILE_BYTES = 20_000_000
LARGEST_TUNED_PARTS_BYTES = 40_000_000

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def tracked() -> list[Path]:
    """Files that git carries and that are there; skips where the repository is not a checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: which files belong to the repository is not known")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def modules_with_examples() -> list[str]:
    """Modules whose docstrings hold examples."""
    found = []
    for path in sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            found.append(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    return found


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_in_the_docstrings_hold(name: str):
    if name.startswith("tuning."):
        pytest.importorskip("torch", reason="needs the tuning extra: pip install -e .[tuning]")

    result = doctest.testmod(importlib.import_module(name))

    assert result.attempted > 0
    assert result.failed == 0


def test_the_readmes_test_command_reaches_every_test_without_the_tuning_extra():
    """`make test` installs none of it: a test that needs it is skipped, and stops no other."""
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({OF_TUNING})); import pytest; "
        "sys.exit(pytest.main(['--collect-only', '-q', '-p', 'no:cacheprovider', 'tests']))"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout[-3000:]


@pytest.mark.parametrize("name", sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("configs/**/*.yaml")))
def test_every_configuration_loads(name: str):
    path = ROOT / name

    match path.relative_to(ROOT / "configs").parts[0]:
        case "criteria":
            assert CriteriaSheet.load(path).criteria
        case "lines":
            assert LineConfig.load(path)
        case "tuning":
            assert load_eyes(path).training_digest()
            assert load_mind(path)
        case "zones":
            assert ZonesFile.load(path).zones
        case folder:
            pytest.fail(f"configs/{folder} has no loader: {name} is read by nobody")


def test_no_file_names_a_path_of_one_machine():
    machine = re.compile(r"(?<![A-Za-z0-9_.>])/(?:work|farm|root|tmp|home)/")
    hits = []

    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8").splitlines(), start=1):
            if machine.search(line):
                hits.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")

    assert hits == []


def test_no_file_is_too_large_for_a_clone():
    sizes = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in tracked()}

    assert {name: size for name, size in sizes.items() if size > LARGEST_FILE_BYTES} == {}
    assert sum(size for name, size in sizes.items() if name.startswith("models/embedded/")) <= LARGEST_TUNED_PARTS_BYTES


def test_the_newest_change_is_of_the_version_that_is_installed():
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert newest is not None
    assert newest[1] == PROJECT["project"]["version"]


def test_every_folder_with_code_is_installed():
    with_code = {
        ".".join(path.parent.relative_to(ROOT).parts) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")
    }

    assert set(PROJECT["tool"]["setuptools"]["packages"]) == with_code


def test_every_data_file_inside_a_package_is_installed():
    packages = PROJECT["tool"]["setuptools"]["packages"]
    carried = PROJECT["tool"]["setuptools"]["package-data"]
    installed = {
        path
        for name in packages
        for pattern in carried.get(name, ())
        for path in ROOT.joinpath(*name.split(".")).glob(pattern)
    }

    data = {
        path
        for path in tracked()
        if path.relative_to(ROOT).parts[0] in FOLDERS and path.suffix not in (".py", ".typed")
    }

    assert {path.relative_to(ROOT).as_posix() for path in data - installed} == set()


def test_nothing_that_a_line_pc_installs_brings_torch():
    pending = list(PROJECT["project"]["dependencies"])
    reached: set[str] = set()

    while pending:
        requirement = Requirement(pending.pop())
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name in reached or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        reached.add(name)
        try:
            pending += importlib.metadata.requires(requirement.name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # of another platform or of an extra that nobody asked for

    assert {"numpy", "pydantic", "gradio"} <= reached
    assert reached & NEVER_ON_A_LINE_PC == set()
