"""What a bench found, as it is printed and as `--json` writes it.

A percentile that too few measurements support is left out instead of being the worst one under another name: p99
needs 100 of them, p99.9 needs 1,000.
"""

import math
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Frozen, no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Latency(Strict):
    """How long something took, ms."""

    count: int
    p50_ms: float
    p99_ms: float | None  # None: fewer than 100 measurements
    p999_ms: float | None  # None: fewer than 1,000
    worst_ms: float


class Machine(Strict):
    """What was measured on."""

    cpu: str
    cores: int  # that this process may use
    memory_mb: int | None
    system: str
    python: str
    onnxruntime: str


class LineFigures(Strict):
    """One batch at one rate, the whole line running: capture, eyes, mind, gate, PLC, writer with fsync, display."""

    units_per_min: float
    gate_after_ms: float
    defective_pct: float | None  # None: the line's camera shows what it is given
    threads: int
    ended: str
    reason: str
    triggers: int
    records: int
    missing: int  # triggers without a record: must be 0
    escapes: int  # units that the gate passed without an accept: must be 0
    accepted: int
    rejected: int
    held: int
    late: int  # units rejected because time ran out
    late_accepts: int  # accepts that came after their unit's deadline
    skipped: int  # pictures that were not looked at
    good: int | None  # units drawn without a defect; None: not known
    good_late: int | None  # of those, rejected because time ran out or nobody looked
    ready: Latency | None  # trigger to the verdict at the gate, every unit that was looked at
    clear: Latency | None  # of those, settled by the eyes alone
    few: Latency | None  # the mind was asked 1 to 4 questions
    many: Latency | None  # 5 or more
    eyes: Latency | None  # a look by itself
    mind: Latency | None  # a judgement by itself
    pictures_dropped: int  # by the display, which must never be waited for
    providers: tuple[str, ...]
    peak_mb: float | None  # resident memory of the process, pool of pictures included
    others_pct: float | None  # of the machine's time that other programs took: over a few %, times are not this line's


class Engine(Strict):
    """Examining against the bare `session.run` calls inside it, the same calls with the same inputs."""

    observations: int  # 0: a clear unit
    examine_ms: float  # median
    graphs_ms: float  # median, in `session.run`
    overhead_pct: float  # median over the calls


class Doubtful(Strict):
    """A unit with so many observations, from picture to verdict."""

    observations: int
    unit: Latency
    mind: Latency
    redrafted_pct: float  # judgements in which the mind wrote something else than the draft, token by token


class SheetLength(Strict):
    """What a judgement costs under a sheet of that length."""

    wanted_tokens: int
    tokens: int
    criteria: int
    refused: str  # why the wanted length was not measured; then `tokens` is the longest that the package takes
    one: Latency  # 1 observation
    four: Latency


class Otherwise(Strict):
    """One observation judged as here, and as one would without a cache or a draft: the same answer, medians in ms."""

    tokens: int  # of the notes
    drafted_ms: float  # over the notes' cache, the drafted chain checked in one pass
    written_ms: float  # over the notes' cache, token by token
    whole_ms: float  # notes and question read anew each time, token by token


class ReadingTimes(Strict):
    """Seconds to read criteria sheets."""

    load_s: float  # the mind itself
    one_cold_s: float  # one sentence by a mind that has just been loaded: the glossary comes first
    ten_s: float  # a sheet of 10 criteria
    sixty_s: float  # of 60
    changed_s: float  # one changed criterion of the 60


class ModelFigures(Strict):
    """The model part by part, one thing at a time."""

    providers: tuple[str, ...]
    threads: int
    clear: Latency | None  # a unit that the eyes settle; None: no picture of the line was one
    doubtful: tuple[Doubtful, ...]  # empty: no picture of the line left anything open
    engine: tuple[Engine, ...]
    lengths: tuple[SheetLength, ...]
    otherwise: Otherwise
    reading: ReadingTimes
    peak_examining_mb: float | None  # resident memory of the process, pictures included
    peak_reading_mb: float | None
    others_pct: float | None


class BenchReport(Strict):
    """Everything that one run of `inspector bench` measured."""

    machine: Machine
    line: tuple[LineFigures, ...] = ()
    model: ModelFigures | None = None


def latency(values_ms: Sequence[float]) -> Latency | None:
    """Percentiles by nearest rank: each is a time that was really measured. None of nothing.

    >>> found = latency([4.0, 1.0, 3.0, 2.0])
    >>> found.p50_ms, found.p99_ms, found.worst_ms
    (2.0, None, 4.0)
    """
    if not values_ms:
        return None
    ordered = sorted(values_ms)

    def share(part: float, fewest: int) -> float | None:
        return round(ordered[math.ceil(part * len(ordered)) - 1], 2) if len(ordered) >= fewest else None

    return Latency(
        count=len(ordered),
        p50_ms=round(ordered[math.ceil(0.5 * len(ordered)) - 1], 2),
        p99_ms=share(0.99, 100),
        p999_ms=share(0.999, 1000),
        worst_ms=round(ordered[-1], 2),
    )


def median(values: Sequence[float]) -> float:
    """The middle value; 0 of nothing."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0
