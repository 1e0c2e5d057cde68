"""`python -m tuning.mind RECIPE WORK [FOLDER]`: the mind alone, progress on stderr; FOLDER gets it as peft has it."""

import sys
from pathlib import Path

from tuning.config import load_mind
from tuning.errors import TuningError
from tuning.mind.adapter import write_peft_folder
from tuning.mind.train import train_mind


def main(recipe: Path, work: Path, folder: Path | None = None) -> None:
    parts = train_mind(load_mind(recipe), work, report=lambda line: print(line, file=sys.stderr, flush=True))
    if folder is not None:
        write_peft_folder(parts, folder)
    print(parts)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        main(*(Path(argument) for argument in sys.argv[1:]))
    except TuningError as error:
        sys.exit(str(error))
