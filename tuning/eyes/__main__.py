"""`python -m tuning.eyes RECIPE WORK TARGET`: the eyes alone, with progress on stderr and the facts on stdout."""

import os
import sys
from pathlib import Path

from tuning.config import load_eyes
from tuning.errors import TuningError
from tuning.eyes.tune import tune_eyes


def main(recipe: Path, work: Path, target: Path) -> None:
    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    facts = tune_eyes(load_eyes(recipe), work, target, processes=os.cpu_count() or 1, say=say)
    print(facts.model_dump_json(indent=1))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        main(*(Path(argument) for argument in sys.argv[1:]))
    except TuningError as error:
        sys.exit(str(error))
