"""A package from its recipe: eyes, mind, release. Every part goes on where an earlier call stopped.

Eyes and mind take one core each and know nothing of each other, so they are taught side by side in two processes.
"""

import os
import shutil
from pathlib import Path
from queue import Queue

from models.assemble import PARTS_FOLDER
from models.package import CLOSER_GRAPH, EYES_GRAPH, EYES_TENSORS, MIND_TENSORS, ModelPackage
from tuning.config import EyesConfig, MindConfig, load_recipe
from tuning.errors import TuningError
from tuning.facts import FACTS, load_eyes_facts
from tuning.release import release
from tuning.side_by_side import Job, Say, side_by_side


def tune(recipe: Path, work: Path, target: Path, *, parts_folder: Path = PARTS_FOLDER, say: Say) -> ModelPackage:
    """Teach eyes and mind and release them as the parts that the repository carries.

    Args:
        recipe: YAML, for example configs/tuning/embedded.yaml.
        work: keeps rendered pools, fetched wheels and checkpoints; about 31 GB.
        target: the package folder to assemble.
        parts_folder: receives the tuned parts.
        say: called with one line of progress at a time.

    Raises:
        TuningError, PackageInvalid: what is wrong and where to go on.
    """
    config = load_recipe(recipe)
    work.mkdir(parents=True, exist_ok=True)
    side_by_side([Job(_eyes, (config.eyes, work)), Job(_mind, (config.mind, work))], processes=2, say=say)
    for name in (EYES_GRAPH, CLOSER_GRAPH, EYES_TENSORS, FACTS, MIND_TENSORS):
        if not (work / name).is_file():
            raise TuningError(
                f"{work / name}: was not made. Nothing was released. Run the same command again: it goes on."
            )
        shutil.copyfile(work / name, parts_folder / name)
    say("assembling and pinning the package")
    return release(
        eyes=load_eyes_facts(work / FACTS),
        mind=config.mind,
        doubt_from=config.release.doubt_from,
        sure_from=config.release.sure_from,
        version=config.release.version,
        target=target,
        parts_folder=parts_folder,
    )


def _eyes(config: EyesConfig, work: Path, said: "Queue[str]") -> None:
    from tuning.eyes.tune import tune_eyes

    tune_eyes(config, work, work, processes=os.cpu_count() or 1, say=lambda text: said.put(f"eyes: {text}"))


def _mind(config: MindConfig, work: Path, said: "Queue[str]") -> None:
    from tuning.mind.train import train_mind

    train_mind(config, work, report=lambda text: said.put(f"mind: {text}"))
