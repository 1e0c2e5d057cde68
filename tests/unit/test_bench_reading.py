"""The mind beside the parser: sheets of ten sentences of one trait each, and what both read counted side by side.

The mind is the embedded one, on sentences that it reads without doubt; where a reader shall have been wrong, the test
states another meaning than the words have.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from inspector.bench.reading import TEN, bench_reading, differs_at_all, sheets_of_ten
from models.note import Note, Tier
from models.package import ModelPackage
from models.sentences import Meaning, Sentence, Trait

OTHER = Note(kind="other")
CRACK = Note(kind="any", defect="crack", severity="critical")
PLAIN = "Cracks longer than {mm} mm are {severity}."
TABLE_ROW = "Crack | tablet | max {mm} mm | {severity} if exceeded"  # the parser does not see that a zone stands there


def sentence(
    mm: int, severity: str = "major", *, means: str = "", text: str = PLAIN, zone: str = "", trait: Trait = "plain"
) -> Sentence:
    """A limit on cracks; `means` is the severity that a reader should have found there."""
    meaning = {
        "kind": "size",
        "defect": "crack",
        "zone": zone,
        "outside": False,
        "unit": "mm",
        "operator": ">",
        "limit": float(mm),
        "severity": means or severity,
    }
    return Sentence(
        text=text.format(mm=mm, severity=severity), heading="", note=Meaning.model_validate(meaning), trait=trait
    )


def limits(count: int, trait: Trait = "plain") -> list[Sentence]:
    """Sentences of one trait, each with a limit of its own."""
    return [sentence(mm, trait=trait) for mm in range(1, count + 1)]


def size(operator: str, mm: float, severity: str = "major") -> Note:
    tier = Tier.model_validate({"operator": operator, "limit": mm, "severity": severity})
    return Note(kind="size", defect="crack", unit="mm", tiers=(tier,))


# ------------------------------------------------------------ sheets of ten
def test_a_sheet_never_mixes_traits_and_what_is_left_over_is_a_shorter_one():
    given: Sequence[Sentence] = [
        one for three in zip(limits(12), limits(12, "typo"), limits(12, "glossary"), strict=True) for one in three
    ]

    sheets = sheets_of_ten(given)

    assert [(sheet.wording, len(sheet.criteria)) for sheet in sheets] == [
        ("plain", TEN),
        ("plain", 2),
        ("with typing errors", TEN),
        ("with typing errors", 2),
        ("words that only the glossary explains", TEN),
        ("words that only the glossary explains", 2),
    ]
    for first, second in zip(sheets[::2], sheets[1::2], strict=True):
        texts = [criterion.text.sentence for criterion in (*first.criteria, *second.criteria)]
        assert sorted(texts) == sorted(one.text for one in limits(12))  # each once, none lost


def test_the_sheets_of_the_same_sentences_are_the_same_every_time():
    assert sheets_of_ten(limits(25)) == sheets_of_ten(limits(25))


def test_a_sheet_has_the_glossary_of_its_own_sentences_alone():
    explained = [
        one.model_copy(update={"glossary": {"crack": (f"word {number}",)}})
        for number, one in enumerate(limits(11, "glossary"))
    ]

    ten, last = sheets_of_ten(explained)

    words = {one.text: one.glossary["crack"] for one in explained}
    for sheet in (ten, last):
        own = [words[criterion.text.sentence] for criterion in sheet.criteria]
        assert sheet.glossary == {"crack": tuple(word for (word,) in own)}


# ------------------------------------------------------------ the same or not
@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (OTHER, OTHER, False),
        (OTHER, CRACK, True),
        (CRACK, OTHER, True),
        (CRACK, CRACK, False),
        (CRACK, CRACK.model_copy(update={"severity": "major"}), True),
        (size(">", 2), size(">=", 2), False),  # within the uncertainty of any size
        (size(">", 2), size(">", 2.5), True),
        (size(">", 2), CRACK, True),
    ],
    ids=["no criterion", "only the other one", "only the one", "same", "severity", "operator", "limit", "kind"],
)
def test_two_readings_differ_only_in_what_would_change_a_verdict(one: Note, other: Note, differ: bool):
    assert differs_at_all(one, other) is differ


# ------------------------------------------------------------ side by side
def test_both_readers_are_counted_on_the_same_sentences(embedded_package: Path):
    package, steps = ModelPackage.load(embedded_package), list[tuple[str, int, int]]()
    misread = sentence(1, means="minor")  # both read major
    table_rows = [sentence(mm, text=TABLE_ROW, zone="tablet") for mm in range(2, 5)]
    plain = [misread, *table_rows, *(sentence(mm) for mm in range(5, 21))]
    given = [*plain, *(sentence(mm, trait="typo") for mm in range(21, 24))]

    readers = bench_reading(package, given, threads=1, progress=lambda *step: steps.append(step))

    counted = {(row.mind.name, row.mind.of): (row.mind, row.parser) for row in readers.rows}
    mind, parser = counted["criterion read right", "all"]
    assert (mind.hits, mind.shown) == (22, 23)
    assert (parser.hits, parser.shown) == (19, 23)
    mind, parser = counted["sheets of 10 read wholly right", "all"]
    assert (mind.hits, mind.shown) == (1, 2)  # the sheet of three is none
    assert parser.shown == 2 and (parser.hits or 0) <= 1
    assert (readers.agreed.hits, readers.agreed.shown) == (20, 23)
    assert (readers.agreed_right.hits, readers.agreed_right.shown) == (19, 20)
    assert [line.shown.text.sentence for line in readers.wrong] == [misread.text]
    assert steps[-1] == ("the parser reads", 23, 23)
