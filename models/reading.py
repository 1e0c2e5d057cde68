"""The reading: a criteria sheet as the model understood it, compared with the fields and approved by a person.

What decides on the line is an approved reading. It is refused when a sentence and its fields disagree, when the
model was unsure, when nobody approved it, and when sheet or package have changed since. `>` against `>=` on a
measured size is no difference: it lies within the uncertainty. On a count it is one, but `> 3` and `>= 4` are the same.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from pydantic import Field, ValidationError

from models.criteria import CriteriaSheet
from models.digest import digest_json
from models.errors import ReadingInvalid
from models.note import Note
from models.plain_sense import left_over
from models.problems import problems_of
from models.prompt import CriterionText, read_text, spelling_under
from models.spelling import Spelling
from models.stored import Stored
from models.whole_file import written_whole


class Reader(Protocol):
    """The skill of the mind that this file needs."""

    def read(
        self,
        lines: Sequence[CriterionText],
        glossary: Mapping[str, Sequence[str]],
        progress: Callable[[int, int], None] | None = None,
    ) -> list[tuple[Note, float]]: ...


class ReadLine(Stored):
    """One criterion: its sentence, what the model made of it and how sure it was, and what the fields say."""

    ADDED_LATER = frozenset({"read_as", "left_over"})

    id: str
    sentence: str
    words: Note
    score: float = Field(ge=0, le=1)
    fields: Note
    read_as: str = ""  # what the model was shown of the sentence, where that is not as it is written
    left_over: str = ""  # what the sentence says besides, which neither note nor fields can hold


class Approval(Stored):
    """Who let the line use this reading, why and when (UTC), and which it was."""

    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    at: datetime
    of: str  # digest of what was looked at


class Objection(NamedTuple):
    """Why a line of the reading may not be used."""

    id: str
    kind: Literal["differs", "not plain", "unsure"]
    text: str


class Reading(Stored):
    """All criteria of one sheet as one package read them."""

    sheet_id: str
    sheet_digest: str
    package_digest: str
    glossary_digest: str
    lines: tuple[ReadLine, ...]
    approval: Approval | None = None

    @property
    def digest(self) -> str:
        """Digest over everything, approval included: it names the reading in every record."""
        return digest_json(self.model_dump(mode="json"))

    @property
    def content_digest(self) -> str:
        """Digest over what a person looks at before approving it."""
        return digest_json(self.model_dump(mode="json", exclude={"approval"}))

    @property
    def is_unaltered(self) -> bool:
        """Whether what was approved is what is here; nobody can say it of a reading that was never approved."""
        return self.approval is None or self.approval.of == self.content_digest

    def has_lines_of(self, sheet: CriteriaSheet) -> bool:
        """Whether its lines are those of the sheet, sentences and fields."""
        return [(c.id, c.sentence, c.note) for c in sheet.criteria] == [
            (r.id, r.sentence, r.fields) for r in self.lines
        ]

    @property
    def notes(self) -> tuple[tuple[str, Note], ...]:
        """Criterion id and the note to judge by. Where the double entry holds, words and fields say the same."""
        return tuple((line.id, line.fields) for line in self.lines)

    def objections(self, *, sure_from: float) -> tuple[Objection, ...]:
        """Every line on which words and fields disagree, that is no one plain rule, or that the model is unsure of.

        An `off` switch is above the words.
        """
        found = []
        for line in self.lines:
            if line.fields.kind == "off":
                continue
            if difference := differs(line.words, line.fields):
                found.append(Objection(line.id, "differs", difference))
            elif line.left_over:
                told = f"{line.left_over}; write one plain rule a criterion"
                found.append(Objection(line.id, "not plain", told))
            elif line.score < sure_from:
                unsure = (
                    f"the model is unsure what the sentence means (score {line.score:.2f}, needed {sure_from:.2f}); "
                    "say it more plainly"
                )
                found.append(Objection(line.id, "unsure", unsure))
        return tuple(found)

    def check(self, sheet: CriteriaSheet, *, package_digest: str, sure_from: float) -> None:
        """Refuse a reading by which the line may not judge.

        Raises:
            ReadingInvalid: the text shows every line objected to and the command that mends it.
        """
        if self.sheet_digest != sheet.digest:
            raise ReadingInvalid(
                f"{sheet.id}: the sheet has changed since it was read ({self.sheet_digest[:19]}, now "
                f"{sheet.digest[:19]}). Nothing was started. Run `inspector read SHEET`, "
                "look at it, and approve it with --approve."
            )
        if not self.has_lines_of(sheet):
            raise ReadingInvalid(
                f"{sheet.id}: the lines of the reading are not those of the sheet: the file was altered. Nothing was "
                "started. Run `inspector read SHEET`, look at it, and approve it with --approve."
            )
        if self.package_digest != package_digest:
            raise ReadingInvalid(
                f"{sheet.id}: the sheet was read by another package ({self.package_digest[:19]}, the line has "
                f"{package_digest[:19]}). Nothing was started. Run `inspector read SHEET` "
                "with the line's package and approve that."
            )
        if found := self.objections(sure_from=sure_from):
            shown = "\n".join(f"  {o.id}: {o.text}\n      {self.line(o.id).sentence}" for o in found)
            raise ReadingInvalid(
                f"{sheet.id}: words and fields of {len(found)} criteria do not agree; the batch is not "
                f"started.\n{shown}\nCorrect the sentence or the fields, or take the words over with "
                "`inspector read SHEET --write`; then read and approve the sheet again."
            )
        if self.approval is None:
            raise ReadingInvalid(
                f"{sheet.id}: nobody has approved this reading. Nothing was started. "
                "Run `inspector read SHEET --approve NAME --reason WHY` after looking at it."
            )
        if not self.is_unaltered:
            raise ReadingInvalid(
                f"{sheet.id}: the reading is not the one that {self.approval.by} approved: the file was altered. "
                "Nothing was started. Run `inspector read SHEET`, look at it, and approve it with --approve."
            )

    def check_program(
        self, sheet: CriteriaSheet, *, defects: Collection[str], glossary: Mapping[str, Sequence[str]]
    ) -> None:
        """Refuse a reading that another version of this program prepared otherwise for the model, or judged plain.

        Slips, units and what is left over are code's business: mended code must not leave an old approval standing.

        Raises:
            ReadingInvalid: the text shows the lines and the command that mends it.
        """
        spelling, (names, zones) = spelling_under(glossary), parted(glossary, defects)
        changed = []
        for line in self.lines:
            shown = _shown(line.sentence, spelling)
            now = (shown, left_over(shown or line.sentence, line.words, names, zones))
            if line.fields.kind != "off" and now != (line.read_as, line.left_over):
                changed.append(f"  {line.id}: {'; '.join(filter(None, now)) or line.sentence}")
        if changed:
            listed = "\n".join(changed)
            raise ReadingInvalid(
                f"{sheet.id}: {len(changed)} sentences were prepared for the model by another version of this program. "
                f"Nothing was started. Now they are:\n{listed}\nRun `inspector read SHEET`, look at it, and approve "
                "it with --approve."
            )

    def line(self, id: str) -> ReadLine:
        """The line of that criterion; KeyError when there is none."""
        for line in self.lines:
            if line.id == id:
                return line
        raise KeyError(id)

    def approved(self, *, by: str, reason: str, at: datetime | None = None) -> "Reading":
        """The same reading with a person's name under it.

        Raises:
            ReadingInvalid: name or reason has not a letter or figure in it.
        """
        if not all(any(sign.isalnum() for sign in said) for said in (by, reason)):
            raise ReadingInvalid(
                "an approval needs a name and a reason in letters or figures: --approve NAME --reason WHY"
            )
        signed = Approval(by=by.strip(), reason=reason.strip(), at=at or datetime.now(UTC), of=self.content_digest)
        return self.model_copy(update={"approval": signed})

    def save(self, path: Path) -> None:
        """Write beside the sheet; the old file stays whole until the new one is."""
        with written_whole(path) as file:
            file.write(self.model_dump_json(indent=1) + "\n")

    @staticmethod
    def load(path: Path) -> "Reading":
        """Raises ReadingInvalid when the file is missing or is not a reading."""
        try:
            return Reading.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ReadingInvalid(
                f"{path}: the sheet has not been read yet. Run `inspector read SHEET` and approve it with --approve."
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise ReadingInvalid(f"{path}: cannot be read: {error}") from error
        except ValidationError as error:
            raise ReadingInvalid(
                f"{problems_of(path, error)}\nRead the sheet again with `inspector read SHEET`."
            ) from error


def reading_path(sheet: Path) -> Path:
    """Where the reading of a sheet is kept: beside it, NAME.reading.json for NAME.yaml; others keep their ending.

    >>> [reading_path(Path(name)).name for name in ("ring.yaml", "ring.yml")]
    ['ring.reading.json', 'ring.yml.reading.json']
    """
    return sheet.with_name(f"{sheet.name.removesuffix('.yaml')}.reading.json")


def read_sheet(
    sheet: CriteriaSheet,
    mind: Reader,
    *,
    package_digest: str,
    defects: Collection[str],
    glossary: Mapping[str, Sequence[str]],
    before: Reading | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Reading:
    """Let the mind read every sentence that `before`, an earlier reading by the same package and glossary, lacks.

    `defects` are the package's classes, `glossary` is its own merged with the sheet's.
    """
    names, zones = parted(glossary, defects)
    words = digest_json({defect: list(known) for defect, known in glossary.items()})
    known: dict[str, tuple[Note, float, str]] = {}
    spelling = spelling_under(glossary)
    if before and before.is_unaltered and (before.package_digest, before.glossary_digest) == (package_digest, words):
        known = {
            line.sentence: (line.words, line.score, line.read_as)
            for line in before.lines
            if line.read_as == _shown(line.sentence, spelling)
        }
    fresh = [c.sentence for c in sheet.criteria if c.sentence not in known]
    if fresh:
        read = mind.read([CriterionText("", sentence) for sentence in fresh], glossary, progress)
        for sentence, (note, score) in zip(fresh, read, strict=True):
            known[sentence] = (note, round(score, 4), _shown(sentence, spelling))
    lines = tuple(
        ReadLine(
            id=c.id,
            sentence=c.sentence,
            words=known[c.sentence][0],
            score=known[c.sentence][1],
            fields=c.note,
            read_as=known[c.sentence][2],
            left_over=left_over(known[c.sentence][2] or c.sentence, known[c.sentence][0], names, zones),
        )
        for c in sheet.criteria
    )
    reading = Reading(
        sheet_id=sheet.id, sheet_digest=sheet.digest, package_digest=package_digest, glossary_digest=words, lines=lines
    )
    if before is not None and before.approval is not None and before.model_copy(update={"approval": None}) == reading:
        return before  # nothing changed: the approval stands
    return reading


def parted(
    glossary: Mapping[str, Sequence[str]], defects: Collection[str]
) -> tuple[dict[str, Sequence[str]], dict[str, Sequence[str]]]:
    """What classes and what zones are and are called."""
    names = {defect: glossary.get(defect, ()) for defect in defects}
    return names, {zone: words for zone, words in glossary.items() if zone not in names}


def _shown(sentence: str, spelling: Spelling) -> str:
    """What the mind is shown in place of the sentence; empty where that is the sentence itself."""
    shown = read_text(sentence, spelling)
    return "" if shown == " ".join(sentence.split()) else shown


def differs(words: Note, fields: Note) -> str:
    """What the double entry disagrees on, for a person; empty when it holds.

    >>> spot = Note(kind="any", defect="spot", severity="major")
    >>> differs(spot, spot.model_copy(update={"severity": "critical"}))
    'severity: the words say major, the fields critical'
    """
    said: list[str] = []

    def compare(what: str, word: object, field: object) -> None:
        if word != field:
            said.append(f"{what}: the words say {word or 'nothing'}, the fields {field or 'nothing'}")

    if words.kind == "other":
        return "the words are no criterion that the model can read, the fields ask for " + describe(fields)
    compare("defect", words.defect, fields.defect)
    compare("zone", _zone(words), _zone(fields))
    if (words.kind, len(words.tiers)) != (fields.kind, len(fields.tiers)):
        said.append(f"the words say {describe(words)}, the fields {describe(fields)}")
        return "; ".join(said)
    compare("unit", words.unit, fields.unit)
    compare("severity", words.severity, fields.severity)
    for word, field in zip(words.tiers, fields.tiers, strict=True):
        compare("severity", word.severity, field.severity)
        if fields.kind == "count" and word.least_count == field.least_count:
            continue
        compare("limit", f"{word.limit:g}", f"{field.limit:g}")
        if fields.kind == "count":
            compare("operator", word.operator, field.operator)
    return "; ".join(said)


def _zone(note: Note) -> str:
    return note.place or "everywhere"


def describe(note: Note) -> str:
    """A note in a few words, for the table of a reading.

    >>> describe(Note(kind="off", defect="stain", zone="foil"))
    'stain (foil): off'
    """
    if note.kind == "other":
        return "no criterion"
    where = f" ({_zone(note)})" if note.zone else ""
    if note.kind == "off":
        return f"{note.defect}{where}: off"
    if note.kind == "any":
        return f"{note.defect}{where}: any, {note.severity}"
    rule = ", then ".join(f"{t.operator} {t.limit:g} {note.unit} {t.severity}" for t in note.tiers)
    return f"{note.defect}{where}: {rule}"
