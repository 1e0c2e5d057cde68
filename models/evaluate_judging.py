"""What the mind's judging is worth: observations under sheets that it read itself, and under pairs that differ.

Both skills are asked in one go, as on a line where nobody corrected the reading. The right verdict is the plain
rule's on the sheet's true meaning.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from models.answer import chain_pieces
from models.chain import NoteLine, Question, judge_by_rule, line_id
from models.evaluate_reading import Readings
from models.example import Counterpart, ShownObservation, ShownSheet
from models.metrics import Figure, coverage, share
from models.note import Note
from models.prompt import in_prompt_order
from models.verdict import Asked, Judgement

TOPIC = "judging"
AIMS = {"taught wordings": 0.985, "new forms": 0.96}
TURN_AIM, STAY_AIM = 0.93, 0.95  # stated for new forms
WRONG_ALLOWED = 0.005

Judge = Callable[[Sequence[Asked]], list[Judgement]]


class Opens(Protocol):
    """The skill of the mind that this file needs: read the notes of a sheet once, then judge under them."""

    def open(self, notes: Sequence[tuple[str, Note]], rejecting: Collection[str]) -> Judge: ...


@dataclass(frozen=True, slots=True)
class Judged:
    """One observation under one sheet: what is right, what the mind said, what the rule says on the mind's notes."""

    wording: str
    mixed: bool
    right: str
    right_chain: str
    said: Judgement
    ruled: str

    @property
    def correct(self) -> bool:
        return self.said.verdict == self.right

    @property
    def chain_correct(self) -> bool:
        return self.said.chain.replace(">=", ">") == self.right_chain.replace(">=", ">")


class Bench:
    """Judges under sheets as they were read; the sheet used last stays open."""

    def __init__(self, mind: Opens, readings: Readings) -> None:
        self._mind, self._readings = mind, readings
        self._last: tuple[ShownSheet, Judge] | None = None

    def judge(self, sheet: ShownSheet, observations: Sequence[ShownObservation]) -> list[Judged]:
        """All observations under one sheet."""
        notes = self._readings.notes(sheet)
        if self._last is None or self._last[0] is not sheet:
            ids = [_id(index) for index in range(len(notes))]
            self._last = (sheet, self._mind.open(list(zip(ids, notes, strict=True)), sheet.rejecting))
        questions = [observation.under(notes) for observation in observations]
        said = self._last[1]([Asked(index, question) for index, question in enumerate(questions)])
        return [
            Judged(
                wording=sheet.wording,
                mixed=bool(observation.mixture),
                right=sheet.right(observation).verdict,
                right_chain=_text(sheet, observation),
                said=judgement,
                ruled=_ruled(notes, question, sheet.rejecting),
            )
            for observation, question, judgement in zip(observations, questions, said, strict=True)
        ]


def judge_sheets(sheets: Sequence[ShownSheet], bench: Bench, *, progress: Callable[[int, int], None]) -> list[Judged]:
    """Every observation under its sheet."""
    judged: list[Judged] = []
    total = sum(len(sheet.observations) for sheet in sheets)
    for sheet in sheets:
        if sheet.observations:
            judged += bench.judge(sheet, sheet.observations)
            progress(len(judged), total)
    return judged


def judging_figures(judged: Sequence[Judged]) -> list[Figure]:
    """Figures of verdicts, one group of wordings after the other."""
    figures: list[Figure] = []
    for wording in dict.fromkeys(one.wording for one in judged):
        own = [one for one in judged if one.wording == wording]
        count, same_wrong = len(own), sum(not o.correct and o.ruled == o.said.verdict for o in own)
        kept, _ = coverage([(one.said.score, one.correct) for one in own], wrong=WRONG_ALLOWED)
        mixed = [one for one in own if one.mixed]
        counted = (
            ("whole chain right", sum(one.chain_correct for one in own), count),
            ("verdict of the plain rule on its notes right", sum(one.ruled == one.right for one in own), count),
            ("writes the chain that the rule drafts", sum(one.said.as_drafted for one in own), count),
            ("mind and rule wrong in the same way", same_wrong, count),
            ("verdict right where the class is doubtful", sum(one.correct for one in mixed), len(mixed)),
            ("verdicts kept where 0.5 % of them may be wrong", kept, count),
        )
        right_ones = sum(one.correct for one in own)
        figures.append(share(TOPIC, "verdict right", right_ones, count, of=wording, aim=AIMS.get(wording)))
        figures += [share(TOPIC, name, hits, shown, of=wording) for name, hits, shown in counted]
        for right in ("accept", "reject", "hold"):
            cases = [one for one in own if one.right == right]
            of = f"{wording}: {right}"
            figures.append(share(TOPIC, "verdict right", sum(one.correct for one in cases), len(cases), of=of))
    return figures


def counterpart_figures(
    counterparts: Sequence[Counterpart], bench: Bench, *, progress: Callable[[int, int], None]
) -> list[Figure]:
    """Turns: both verdicts right under two sheets that ask for opposite ones. Stays: the same verdict under both."""
    held: dict[tuple[str, str, bool], list[bool]] = {}
    for index, pair in enumerate(counterparts):
        first = bench.judge(pair.first, [pair.observation])[0]
        second = bench.judge(pair.second, [pair.observation])[0]
        if pair.same:
            good = first.said.verdict == second.said.verdict
        else:
            good = first.correct and second.correct
        held.setdefault((pair.wording, pair.what, pair.same), []).append(good)
        progress(index + 1, len(counterparts))
    figures: list[Figure] = []
    names = {True: "same verdict", False: "both verdicts right"}
    for wording in dict.fromkeys(pair.wording for pair in counterparts):
        for same, aim in ((False, TURN_AIM), (True, STAY_AIM)):
            own = {what: hits for (w, what, s), hits in held.items() if (w, s) == (wording, same)}
            every = [hit for hits in own.values() for hit in hits]
            stated = aim if wording == "new forms" else None
            topic = "invariance" if same else "flips"
            figures.append(share(topic, names[same], sum(every), len(every), of=wording, aim=stated))
            figures += [
                share(topic, names[same], sum(hits), len(hits), of=f"{wording}: {what}") for what, hits in own.items()
            ]
    return figures


def _ruled(notes: Sequence[Note], question: Question, rejecting: Collection[str]) -> str:
    lines = in_prompt_order([NoteLine(line_id(index), note) for index, note in enumerate(notes)])
    return judge_by_rule(lines, question, rejecting).verdict


def _text(sheet: ShownSheet, observation: ShownObservation) -> str:
    """The right chain under the criterion ids that the mind's answers carry."""
    chain = sheet.right(observation)
    items = [replace(item, id=_id(int(item.id[1:]) - 1)) for item in chain.items]
    return "".join(chain_pieces(items, chain.verdict)).strip()


def _id(index: int) -> str:
    return f"c{index + 1}"
