"""The mind by itself: what a judgement costs under a short and a long sheet, and how long sheets take to read."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inspector.bench.figures import Latency, Otherwise, ReadingTimes, SheetLength, latency, median
from inspector.bench.made import REJECTING, made_notes, made_questions, made_sheet
from models.chain import NoteLine, Question, line_id
from models.decoder import Prefix, Row
from models.errors import SheetInvalid
from models.grammar import ChainGrammar
from models.mind import LONGEST_CHAIN, Mind, SheetCache
from models.package import TOKENIZER, ModelPackage
from models.prompt import judge_prefix, judge_question
from models.reading import Reading, read_sheet
from models.runtime import Device
from models.tokens import Tokens
from models.verdict import Asked

SHORT, LONG = 10, 60  # criteria; 60 is the longest sheet that is taken
_FIRST = 3  # runs that are not counted: memory is laid out in them
_TIMES_PLAIN = 5  # of what is only compared with

Step = Callable[[str, int, int], None]


def sheet_lengths(
    mind: Mind, package: ModelPackage, wanted: Sequence[int], *, times: int, step: Step
) -> tuple[SheetLength, ...]:
    """The same judgements under sheets of these lengths in tokens."""
    tokens = Tokens(package.path(TOKENIZER))
    return tuple(_at_length(mind, package, tokens, least, times, step) for least in wanted)


def _at_length(mind: Mind, package: ModelPackage, tokens: Tokens, wanted: int, times: int, step: Step) -> SheetLength:
    words, name = package.manifest.words, f"a sheet of {wanted} tokens"
    notes, refused = made_notes(words, tokens, wanted), ""
    step(name, 0, 2 * times)
    cache: SheetCache | None = None
    while cache is None:
        try:
            cache = mind.open_sheet(notes, REJECTING)
        except SheetInvalid as error:
            refused, notes = refused or str(error), notes[:-1]
    one = _judging(mind, cache, made_questions(words, 1), times, lambda done: step(name, done, 2 * times))
    four = _judging(mind, cache, made_questions(words, 4), times, lambda done: step(name, times + done, 2 * times))
    return SheetLength(
        wanted_tokens=wanted, tokens=cache.tokens, criteria=len(notes), refused=refused, one=one, four=four
    )


def _judging(
    mind: Mind, cache: SheetCache, questions: Sequence[Question], times: int, done: Callable[[int], None]
) -> Latency:
    asked = [Asked(index, question) for index, question in enumerate(questions)]
    took = []
    for number in range(times + _FIRST):
        start = time.perf_counter()
        mind.judge(cache, asked)
        took.append((time.perf_counter() - start) * 1000)
        done(max(0, number + 1 - _FIRST))
    found = latency(took[_FIRST:])
    assert found is not None
    return found


@dataclass(frozen=True, slots=True)
class _Plain:
    """One question as the decoder takes it, without what `Mind.judge` adds."""

    notes: list[int]
    question: list[int]
    grammar: ChainGrammar


def otherwise(mind: Mind, package: ModelPackage, *, least_tokens: int, step: Step) -> Otherwise:
    """One observation judged as on the line, and as one would without drafts or without a cache."""
    tokens, words = Tokens(package.path(TOKENIZER)), package.manifest.words
    notes = made_notes(words, tokens, least_tokens)
    cache = mind.open_sheet(notes, REJECTING)
    question = made_questions(words, 1)[0]
    asked, ids = judge_question(question), [line_id(index) for index in range(len(notes))]
    lines = [NoteLine(id, note) for id, (_, note) in zip(ids, notes, strict=True)]
    plain = _Plain(
        tokens.encode_all(judge_prefix(lines, REJECTING)),
        tokens.encode_all((*asked.before, asked.word, *asked.after)),
        ChainGrammar(tokens.encode, ids, question, words.zones),
    )
    nothing = mind.decoder.prefix([])

    def write(under: Prefix, row: Sequence[int]) -> None:
        mind.decoder.write(under, [Row(tuple(row))], [plain.grammar], most=LONGEST_CHAIN)

    ways: tuple[Callable[[], object], ...] = (
        lambda: mind.judge(cache, [Asked(0, question)]),
        lambda: write(cache.prefix, plain.question),
        lambda: write(nothing, (*plain.notes, *plain.question)),
    )
    took: list[list[float]] = [[] for _ in ways]
    for number in range(_TIMES_PLAIN + 1):  # in turns, so that all three meet the same machine
        step("the same, without draft or cache", number, _TIMES_PLAIN + 1)
        for way, times in zip(ways, took, strict=True):
            start = time.perf_counter()
            way()
            times.append((time.perf_counter() - start) * 1000)
    drafted, written, whole = (round(median(times[1:]), 2) for times in took)
    return Otherwise(tokens=cache.tokens, drafted_ms=drafted, written_ms=written, whole_ms=whole)


def reading_times(package: ModelPackage, *, threads: int, device: Device, times: int, step: Step) -> ReadingTimes:
    """Seconds to read sheets of 10 and of 60 criteria and one that changed, each the median of `times`.

    The sheet of 60 is read once: nothing is gained by waiting longer.
    """
    start = time.perf_counter()
    mind = Mind(package, threads=threads, device=device)
    loaded_s = time.perf_counter()
    words, glossary = package.manifest.words, package.manifest.glossary

    def read(criteria: int, *, changed: int = 0, before: Reading | None = None) -> tuple[Reading, float]:
        name = f"reading a sheet of {criteria} criteria" if before is None else "reading a changed criterion"
        sheet = made_sheet(words, criteria, changed=changed)
        began_s = time.perf_counter()
        reading = read_sheet(
            sheet,
            mind,
            package_digest=package.digest,
            defects=words.defects,
            glossary=glossary,
            before=before,
            progress=lambda done, of: step(name, done, of),
        )
        return reading, time.perf_counter() - began_s

    cold_s = read(1)[1]
    ten_s = [read(SHORT)[1] for _ in range(times)]
    whole, sixty_s = read(LONG)
    changed_s = [read(LONG, changed=number + 1, before=whole)[1] for number in range(times)]
    return ReadingTimes(
        load_s=round(loaded_s - start, 3),
        one_cold_s=round(cold_s, 3),
        ten_s=round(median(ten_s), 3),
        sixty_s=round(sixty_s, 3),
        changed_s=round(median(changed_s), 3),
    )
