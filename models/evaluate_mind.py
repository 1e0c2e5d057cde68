"""The package's mind as an evaluation asks it: sheets are opened from notes and judged under."""

from collections.abc import Callable, Collection, Mapping, Sequence

from models.evaluate_judging import Judge
from models.mind import Mind
from models.note import Note
from models.prompt import CriterionText
from models.verdict import Asked, Judgement


class OpenedMind:
    """Both skills of a mind under the names that evaluations use."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind

    def read(
        self,
        lines: Sequence[CriterionText],
        glossary: Mapping[str, Sequence[str]],
        progress: Callable[[int, int], None] | None = None,
    ) -> list[tuple[Note, float]]:
        return self._mind.read(lines, glossary, progress)

    def open(self, notes: Sequence[tuple[str, Note]], rejecting: Collection[str]) -> Judge:
        sheet = self._mind.open_sheet(notes, rejecting)

        def judge(asked: Sequence[Asked]) -> list[Judgement]:
            return self._mind.judge(sheet, asked)

        return judge
