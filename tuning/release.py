"""Release: tuned eyes and mind become the parts that the repository carries, pinned to the package they assemble to.

It refuses facts about classes that the glossary does not hold. The pinned digests are what every other machine must
arrive at; so a release is made once, on purpose, and never by `inspector assemble`.
"""

from importlib import resources
from pathlib import Path

from ruamel.yaml import YAML
from safetensors import safe_open

from cameras.render import HEIGHT, WIDTH, ZONES
from models.answer import LANGUAGE
from models.assemble import PARTS_FOLDER, Parts, Progress, assemble
from models.package import MIND_TENSORS, AdapterFacts, Base, DefectClass, ModelPackage, PackageFacts, Zone
from models.regulations import DefectTerms
from models.verdict import OperatingPoint
from tuning.config import MindConfig
from tuning.errors import TuningError
from tuning.facts import EyesFacts

CONTEXT_TOKENS = 2048


def release(
    *,
    eyes: EyesFacts,
    mind: MindConfig,
    doubt_from: float,
    sure_from: float,
    version: str,
    target: Path,
    parts_folder: Path = PARTS_FOLDER,
    wheel: Path | None = None,
    progress: Progress | None = None,
) -> ModelPackage:
    """Write `parts.json` for the tensors that lie in the parts folder, assemble them and pin what came out.

    Args:
        eyes: thresholds and smallest sizes.
        mind: the recipe that the mind was trained by.
        doubt_from: a class of at least this probability must not matter, or the unit is held.
        sure_from: a reading of a lower score is unsure.
        version: of the package.
        target: the package folder to assemble.
        parts_folder: holds eyes.onnx, closer.onnx, eyes.safetensors and mind.safetensors.
        wheel: the base, if it is at hand.
        progress: told about every step.

    Raises:
        TuningError: a class without a glossary line, facts about a class that there is not, or a mind that was
            trained by another recipe.
        PackageInvalid: parts that do not assemble.
    """
    glossary = load_glossary()
    defects = tuple(name for name in glossary if name not in ZONES)
    if set(eyes.smallest_px) != set(defects):
        unlike = sorted(set(eyes.smallest_px) ^ set(defects))
        raise TuningError(
            f"release: smallest sizes and glossary differ in {', '.join(unlike)}. Nothing was released. "
            "Calibrate the eyes on the classes of models/embedded/glossary.yaml."
        )
    terms = DefectTerms.load()
    facts = PackageFacts(
        name="embedded-blister",
        version=version,
        family="blister",
        frame=(WIDTH, HEIGHT),
        defects=tuple(
            DefectClass(
                name=name,
                about=glossary[name][0],
                words=glossary[name][1:],
                terms=tuple(term.id for term in terms.of(name)),
                smallest_px=eyes.smallest_px[name],
            )
            for name in defects
        ),
        zones=tuple(Zone(name=name, about=glossary[name][0], words=glossary[name][1:]) for name in ZONES),
        operating_point=OperatingPoint(
            real_from=eyes.real_from, hold_from=eyes.hold_from, doubt_from=doubt_from, sure_from=sure_from
        ),
        context_tokens=CONTEXT_TOKENS,
        language=LANGUAGE,
        base=_base(mind),
        adapter=AdapterFacts(rank=mind.rank, alpha=float(mind.alpha)),
        training={
            "eyes": eyes.training,
            "eyes steps": eyes.steps,
            "closer look": eyes.closer,
            "closer look steps": eyes.closer_steps,
            "mind": mind.training_digest(),
        },
    )
    _refuse_another_course(parts_folder / MIND_TENSORS, mind)
    Parts(package=facts).save(parts_folder)
    return assemble(target, parts_folder=parts_folder, wheel=wheel, pin=True, progress=progress)


def _refuse_another_course(tensors: Path, mind: MindConfig) -> None:
    """A package must not claim a recipe that its mind was not trained by."""
    with safe_open(tensors, "np") as file:
        trained = (file.metadata() or {}).get("recipe")
    if trained != mind.training_digest():
        raise TuningError(
            f"{tensors}: was trained by the recipe {trained}, not by {mind.training_digest()}. Nothing was released. "
            "Run the tuning of this recipe to its end."
        )


def load_glossary() -> dict[str, tuple[str, ...]]:
    """For each class and zone what it is, then what people call it, in the package's order."""
    text = resources.files("models").joinpath("embedded", "glossary.yaml").read_text(encoding="utf-8")
    return {name: tuple(words) for name, words in YAML(typ="safe", pure=True).load(text).items()}


def _base(config: MindConfig) -> Base:
    """The pinned wheel, named as pip names it.

    A wheel's file name is the requirement's name with underscores, then its version.
    """
    name, _, version = config.base.requirement.partition("==")
    return Base(
        requirement=config.base.requirement,
        wheel=f"{name.replace('-', '_')}-{version}-py3-none-any.whl",
        member=config.base.member,
        sha256=f"sha256:{config.base.sha256}",
    )
