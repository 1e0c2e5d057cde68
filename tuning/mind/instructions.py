"""What the mind is taught, written out: the tasks of a recipe's steps as the model sees them, and a datasheet.

    FOLDER/instructions.jsonl    one task a line: skill, the text before, and each question with its right answer
    FOLDER/datasheet.md          what is in it: counts by stratum, seeds, digests

The text is made by the code that the line asks with, so nothing here is a copy that could differ.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from models.answer import chain_pieces, note_pieces
from models.chain import Question
from models.digest import digest_bytes
from models.prompt import judge_prefix, judge_question, read_prefix, read_question, spelling_under
from tuning.config import MindConfig
from tuning.errors import TuningError
from tuning.mind.course import Course, Task
from tuning.mind.judging_tasks import JudgeTask
from tuning.mind.material import Material, load_material
from tuning.mind.reading_tasks import ReadTask
from tuning.mind.wording import wordings_digest

LINES, DATASHEET = "instructions.jsonl", "datasheet.md"
LENGTHS = ((1, 3), (4, 9), (10, 19), (20, 60))  # criteria of a sheet
NEAR = 0.1  # of a limit: a size so close is called near

Strata = dict[str, Counter[str]]


def write_instructions(config: MindConfig, folder: Path, steps: range, *, progress: Callable[[int], None]) -> Path:
    """Write the tasks of these steps and what is in them; returns the datasheet.

    Raises:
        TuningError: the folder holds something, or a step is not one of the recipe's.
    """
    last = config.training.all_steps
    if not steps or steps[0] < 0 or steps[-1] >= last:
        raise TuningError(
            f"steps {steps.start} to {steps.stop - 1}: the recipe has 0 to {last - 1}. Nothing was written. "
            "Name some of these."
        )
    if folder.exists() and any(folder.iterdir()):
        raise TuningError(f"{folder}: holds something already. Nothing was written. Name an empty folder.")
    folder.mkdir(parents=True, exist_ok=True)
    material = load_material()
    strata: Strata = {}
    lines: list[str] = []
    course = Course(config, material)
    for step in steps:
        task = course.task(step)
        _count(strata, task, material)
        lines.append(json.dumps({"step": step, **_told(task)}, ensure_ascii=False) + "\n")
        progress(len(lines))
    content = "".join(lines).encode()
    (folder / LINES).write_bytes(content)
    facts = {
        "seed": str(config.seed),
        "steps": f"{steps.start} to {steps.stop - 1} of {last}",
        "recipe": config.training_digest(),
        "wordings": wordings_digest(),
        LINES: digest_bytes(content),
    }
    page = folder / DATASHEET
    page.write_text("\n".join(_page(facts, strata)) + "\n", encoding="utf-8")
    return page


def _told(task: Task) -> dict[str, object]:
    if isinstance(task, ReadTask):
        spelling = spelling_under(task.glossary)
        rows = [(read_question(s.heading, s.sentence, spelling), "".join(note_pieces(s.note))) for s in task.spoken]
        skill, before = "read a criterion", "".join(read_prefix(task.vocabulary, task.glossary))
    else:
        asked = [judge_question(question) for question in task.questions]
        texts = ["".join((*a.before, _mixed(a.word, a.mixture), *a.after)) for a in asked]
        rows = list(zip(texts, ("".join(chain_pieces(c.items, c.verdict)) for c in task.chains), strict=True))
        skill, before = "judge an observation", "".join(judge_prefix(task.lines, task.rejecting))
    return {"skill": skill, "before": before, "rows": [{"question": q, "answer": a} for q, a in rows]}


def _mixed(word: str, mixture: Iterable[tuple[str, float]]) -> str:
    """A doubtful class is one soft token to the model; written out it is its words and shares."""
    shares = " +".join(f"{name} {share:.2f}" for name, share in mixture)
    return f" <{shares.strip()}>" if shares else word


def _count(strata: Strata, task: Task, material: Material) -> None:
    def add(stratum: str, value: str) -> None:
        strata.setdefault(stratum, Counter())[value] += 1

    if isinstance(task, JudgeTask):
        add("tasks", "judge an observation")
        size = len(task.lines)
        add("judged sheets, criteria", next((f"{a} to {b}" for a, b in LENGTHS if a <= size <= b), "more"))
        for question, chain in zip(task.questions, task.chains, strict=True):
            add("judged, right verdict", chain.verdict)
            add("judged, criteria that apply", str(sum(item.kind != "elsewhere" for item in chain.items)))
            kind = "a count" if question.count is not None else "a doubtful class" if question.mixture else "a class"
            add("judged, asked about", kind)
            add("judged, size near a limit (10 %)", "yes" if _near(task, question) else "no")
        return
    add("tasks", "read a criterion")
    own = set(task.vocabulary.defects) <= set(material.own.defects)
    known = set(task.vocabulary.defects) <= set(material.everything.defects)
    vocabulary = "the product's classes" if own else "other classes" if known else "a site's product's"
    add("reading, vocabulary", vocabulary)
    for spoken in task.spoken:
        note = spoken.note
        add("read, kind", note.kind)
        add("read, heading", "under a heading" if spoken.heading else "alone")
        if note.kind == "other":
            continue
        add("read, defect" if own else "read, other vocabularies", note.defect if own else "another class")
        add("read, zone", "everywhere" if not note.zone else "outside a zone" if note.outside else "in a zone")
        for tier in note.tiers:
            add("read, quantity", note.unit)
            add("read, limit itself", "fails" if tier.operator == ">=" else "passes")
            add("read, severity", tier.severity)


def _near(task: JudgeTask, question: Question) -> bool:
    """Whether a size lies within a tenth of a limit that it is compared with."""
    sizes = dict(question.sizes)
    notes = [line.note for line in task.lines if line.note.defect == question.defect and line.note.unit in sizes]
    return any(abs(sizes[note.unit] - tier.limit) <= NEAR * tier.limit for note in notes for tier in note.tiers)


def _page(facts: Mapping[str, str], strata: Strata) -> list[str]:
    lines = [
        "# What the mind is taught",
        "",
        "Drawn by seed from forms and words and from sentences that people wrote. Every sheet has ids, limits and "
        "severities of its own, so that it must be read; many defects go by invented words that only the glossary "
        "explains. Right answers follow from the notes by rule. Held-out wordings "
        "(`tuning/mind/wordings/heldout.yaml`, `tests/wordings/`) are not in it.",
        "",
        *(f"- {name}: {value}" for name, value in facts.items()),
    ]
    for stratum, counts in sorted(strata.items()):
        whole = sum(counts.values())
        lines += ["", f"## {stratum} ({whole:,})", "", "| | count | share |", "|---|---|---|"]
        lines += [f"| {value} | {n:,} | {n / whole:.3f} |" for value, n in counts.most_common()]
    return lines
