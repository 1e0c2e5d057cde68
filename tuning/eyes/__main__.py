"""`python -m tuning.eyes RECIPE WORK`: render the pools and train, going on where an earlier run stopped."""

import os
import sys
from pathlib import Path

from tuning.config import load_eyes
from tuning.eyes.pool import render_pool
from tuning.eyes.train import train_eyes


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(recipe: Path, work: Path) -> None:
    config = load_eyes(recipe)
    pool = render_pool(
        work / "pools" / "train",
        config.pools.train,
        processes=os.cpu_count() or 1,
        progress=lambda done, total: _say(f"rendering: {done}/{total} frames"),
    )
    _say(f"pool {pool.digest}")
    print(train_eyes(config, pool, work, report=lambda progress: _say(progress.line())))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
