"""The evaluation counts what is so: skills that are always right, and skills that are wrong in a known way."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from math import inf, nan
from random import Random

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from typer import Typer
from typer.testing import CliRunner

from inspector.commands.evaluate import as_markdown, command, show
from inspector.errors import LineError
from inspector.evaluation import write_report
from models.answer import chain_pieces
from models.chain import NoteLine, judge_by_rule, line_id
from models.criteria import CriteriaSheet
from models.errors import PackageInvalid
from models.evaluate import Counted, Report, count, facts_of
from models.evaluate_eyes import SeenUnit, look_at
from models.evaluate_judging import Judge
from models.evaluate_reading import slipped
from models.evaluate_tables import unit_tables
from models.evaluate_units import judge_units, truth_of
from models.example import Challenge, ShownDefect, ShownUnit
from models.exhibits import Gallery
from models.eyes import Look
from models.metrics import Figure, share
from models.note import MEASURES, Note
from models.observation import Observation, Size
from models.package import DefectClass, PackageFacts, Zone
from models.prompt import CriterionText, in_prompt_order
from models.reading import differs
from models.verdict import Asked, Judgement, OperatingPoint
from tests.integration.tiny_mind import facts as tiny_facts
from tuning.challenge import draw_challenge

UNITS = 12
DONE = ("accepted", "held", "rejected")


class TruthfulEyes:
    """See what was drawn, to the millimetre, and forget some of it."""

    def __init__(self, units: Sequence[ShownUnit], forget: Callable[[ShownDefect], bool] = lambda _: False) -> None:
        self._units = {unit.pixels.tobytes(): unit for unit in units}
        self._forget = forget

    def look(self, pixels: NDArray[np.uint8], mm_per_px: float) -> Look:
        unit = self._units[pixels.tobytes()]
        seen = tuple(self._observation(defect) for defect in unit.defects if not self._forget(defect))
        return Look(seen, 0.0, 1.0, False, 1.0)

    def scale_seen(self, pixels: NDArray[np.generic], mm_per_px: float) -> float:
        return mm_per_px

    def _observation(self, defect: ShownDefect) -> Observation:
        contours, _ = cv2.findContours((defect.mask > 80).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        points = max(contours, key=len)[:, 0] + np.array(defect.box_px[:2])
        return Observation(
            score=0.99,
            classes=((defect.defect, 1.0),),
            zone=defect.zone,
            box_px=defect.box_px,
            outline_px=tuple((int(x), int(y)) for x, y in points),
            sizes={unit: Size(value=value, uncertainty=value * 1e-6) for unit, value in defect.sizes.items()},
        )


class KnowingMind:
    """Know what every sentence means, and judge by the plain rule; `misread` may change a meaning."""

    def __init__(self, challenge: Challenge, misread: Callable[[Note], Note] = lambda note: note) -> None:
        sheets = [
            *challenge.sheets,
            *(p.second for p in challenge.counterparts),
            *(p.first for p in challenge.counterparts),
        ]
        self._means = {c.text: c.note for sheet in sheets for c in sheet.criteria}
        self._misread = misread

    def read(
        self,
        lines: Sequence[CriterionText],
        glossary: Mapping[str, Sequence[str]],
        progress: Callable[[int, int], None] | None = None,
    ) -> list[tuple[Note, float]]:
        return [(self._misread(self._means[line]), 0.9) for line in lines]

    def open(self, notes: Sequence[tuple[str, Note]], rejecting: Collection[str]) -> Judge:
        names = {line_id(index): id for index, (id, _) in enumerate(notes)}
        lines = in_prompt_order([NoteLine(line_id(index), note) for index, (_, note) in enumerate(notes)])

        def judge(asked: Sequence[Asked]) -> list[Judgement]:
            answers = []
            for one in asked:
                chain = judge_by_rule(lines, one.question, rejecting)
                said = "".join(chain_pieces(chain.items, chain.verdict)).strip()
                for line, id in sorted(names.items(), reverse=True):
                    said = said.replace(line, id)
                answers.append(
                    Judgement(
                        observation=one.observation, chain=said, verdict=chain.verdict, score=1.0, as_drafted=True
                    )
                )
            return answers

        return judge


@pytest.fixture(scope="module")
def challenge() -> Challenge:
    return draw_challenge(UNITS, 120)


@pytest.fixture(scope="module")
def units(challenge: Challenge) -> list[ShownUnit]:
    return list(challenge.units)


@pytest.fixture(scope="module")
def facts(challenge: Challenge, units: list[ShownUnit]) -> PackageFacts:
    defects = sorted({c.note.defect for sheet in challenge.sheets for c in sheet.criteria if c.note.defect})
    at = OperatingPoint(real_from=0.5, hold_from=0.2, doubt_from=0.1, sure_from=0.5)
    changed = {
        "defects": tuple(DefectClass(name=name, about=name) for name in defects),
        "zones": tuple(Zone(name=name, about=name) for name in ("foil", "pocket", "tablet")),
        "operating_point": at,
    }
    return tiny_facts("sha256:0").model_copy(update=changed)


def quiet(what: str, done: int, of: int) -> None:
    assert 0 < done <= of


def named(figures: Sequence[Figure], name: str, of: str = "") -> Figure:
    return next(figure for figure in figures if (figure.name, figure.of) == (name, of))


def test_a_length_in_px_is_of_what_the_eyes_see(units: list[ShownUnit]) -> None:
    """A smallest size in px is compared with the frame's px: a picture twice as large must not double it."""
    unit = next(unit for unit in units if unit.defects)

    class Shrinking(TruthfulEyes):
        def scale_seen(self, pixels: NDArray[np.generic], mm_per_px: float) -> float:
            return 2 * mm_per_px

    (full,) = look_at([unit], TruthfulEyes([unit]), progress=lambda _: None)
    (shrunk,) = look_at([unit], Shrinking([unit]), progress=lambda _: None)

    assert [d.length_px for d in full.defects] == [d.length_px for d in unit.defects]
    assert [d.length_px for d in shrunk.defects] == [d.length_px / 2 for d in unit.defects]


def test_a_package_that_is_always_right_is_said_to_be(
    challenge: Challenge, units: list[ShownUnit], facts: PackageFacts
):
    counted = count(TruthfulEyes(units), KnowingMind(challenge), facts, challenge, progress=quiet)
    figures, wrong = counted.figures, counted.wrong

    assert wrong == []
    assert [f for f in figures if f.reached is False] == []
    assert named(figures, "defects found").value == 1
    assert named(figures, "false regions per good unit").value == 0
    assert named(figures, "units wholly right").hits == UNITS
    assert named(figures, "true mm within the stated uncertainty").value == 1
    for wording in ("taught wordings", "new forms", "new words, in the glossary"):
        assert named(figures, "criterion read right, > and >= told apart", wording).value == 1
        assert named(figures, "whole chain right", wording).value == 1
        assert named(figures, "sheets of 10 criteria read wholly right", wording).value == 1
    assert named(figures, "both verdicts right", "new forms").value == 1
    assert named(figures, "same verdict", "new forms").value == 1
    assert named(figures, "units to be rejected: accepted (escapes)", "standard-sheet").hits == 0
    assert named(figures, "clean units: held", "standard-sheet").hits == 0
    assert named(figures, "repetitions of one unit that are the same to the last bit").hits == 200


def test_a_defect_that_is_not_seen_is_an_escape_under_its_name(
    challenge: Challenge, units: list[ShownUnit], facts: PackageFacts
):
    sheet = challenge.unit_sheets[0]
    guilty = [unit for unit in units if truth_of(unit.defects, sheet)[0] == "must reject"]

    blind = TruthfulEyes(units, forget=lambda _: True)
    figures = count(blind, KnowingMind(challenge), facts, challenge, progress=quiet).figures

    escapes = named(figures, "units to be rejected: accepted (escapes)", sheet.id)
    listed = [f for f in figures if f.name == "defects over the sheet in accepted units" and f.of.startswith(sheet.id)]
    assert (escapes.hits, escapes.shown) == (len(guilty), len(guilty))
    assert sum(f.hits or 0 for f in listed) == sum(len(truth_of(u.defects, sheet)[1]) for u in guilty)
    assert named(figures, "defects found").value == 0
    assert named(figures, "critical defects over the sheet: unit not accepted", sheet.id).value == 0
    assert not named(figures, "critical defects over the sheet: unit not accepted", sheet.id).reached


def test_missed_critical_defects_are_counted_apart_from_missed_major_ones(
    challenge: Challenge, units: list[ShownUnit], facts: PackageFacts
):
    sheet = challenge.unit_sheets[0]
    critical = {one.defect for one in sheet.criteria if one.severity == "critical"}

    figures = count(
        TruthfulEyes(units, forget=lambda defect: defect.defect not in critical),
        KnowingMind(challenge),
        facts,
        challenge,
        progress=quiet,
    ).figures

    assert named(figures, "critical defects over the sheet: unit not accepted", sheet.id).reached
    major = named(figures, "major defects over the sheet: unit not accepted", sheet.id)
    assert major.value is not None
    assert major.value < 1


class AcceptingMind:
    """Have no objection to anything."""

    def open(self, notes: Sequence[tuple[str, Note]], rejecting: Collection[str]) -> Judge:
        return lambda asked: []


def units_under(sheet: CriteriaSheet, *seen: SeenUnit, mm_per_px: float = 0.1, spot_px: float = 4.0) -> list[Figure]:
    """What becomes of units at one scale, of a package that finds spots from a size on."""
    return judge_units(
        seen,
        [sheet],
        AcceptingMind(),
        OperatingPoint(real_from=0.8, hold_from=0.4, doubt_from=0.25, sure_from=0.5),
        scales=[mm_per_px] * len(seen),
        smallest_px={"spot": spot_px},
        progress=lambda done, of: None,
    )


def spots(severity: str = "major", *, zone: str = "") -> CriteriaSheet:
    """A sheet of one criterion: spots over 0.5 mm."""
    limit = {"unit": "mm", "operator": ">", "value": 0.5}
    one = {"id": "S", "defect": "spot", "wording": "Spots.", "limit": limit, "zone": zone, "severity": severity}
    return CriteriaSheet.model_validate(
        {"id": "spots", "title": "Spots", "product": "Tablets", "version": 3, "criteria": [one]}
    )


@pytest.mark.parametrize("familiarity", [1.1, inf, nan])
def test_a_picture_that_the_line_would_not_assess_holds_the_unit(familiarity: float):
    unit = _one_spot(9.0, found=True)
    unfamiliar = replace(unit, look=replace(unit.look, familiarity=familiarity))
    crowded = replace(unit, look=replace(unit.look, crowded=True))

    figures = units_under(spots(), unit, unfamiliar, crowded)

    assert named(figures, "units that cannot be assessed: held", "spots").hits == 2
    assert named(figures, "units to be rejected: held", "spots").hits == 2


def test_a_picture_too_coarse_for_the_limits_holds_the_unit():
    unit = _one_spot(9.0, found=True)

    held = {
        (scale, severity): named(
            units_under(spots(severity), unit, mm_per_px=scale), "units that cannot be assessed: held", "spots"
        ).hits
        for scale in (0.12, 0.13)
        for severity in ("major", "off")
    }

    assert held == {(0.12, "major"): 0, (0.13, "major"): 1, (0.12, "off"): 0, (0.13, "off"): 0}  # 4 px against 0.5 mm


def test_a_defect_that_the_sheet_does_not_name_is_counted_apart():
    """A spot on the tablet, under sheets that name it, that lay it off, and that name spots elsewhere only."""
    unit = _one_spot(9.0, found=True)
    tiny = replace(unit, defects=(replace(unit.defects[0], specified=False),))
    missed = replace(unit, look=replace(unit.look, observations=()), regions_of=((),), on_something=frozenset())
    elsewhere = spots(zone="foil")

    truths = [truth_of(unit.defects, sheet)[0] for sheet in (spots(), spots("off"), elsewhere)]
    figures = units_under(elsewhere, unit, missed, tiny)

    assert truths == ["must reject", "tolerable", "unnamed"]
    named_of = [named(figures, f"units with defects that the sheet does not name: {what}", "spots") for what in DONE]
    assert [(f.hits, f.shown) for f in named_of] == [(1, 3), (2, 3), (0, 3)]
    bad = named(figures, "units with specified defects that the sheet does not name: accepted", "spots")
    assert (bad.hits, bad.shown) == (1, 2)
    assert named(figures, "units with tolerated defects: held", "spots").shown == 0
    assert named(figures, "sound units that only the mind's opinion holds", "spots").shown == 0


def test_every_wrong_reading_is_counted_listed_and_caught(
    challenge: Challenge, units: list[ShownUnit], facts: PackageFacts
):
    def milder(note: Note) -> Note:
        return note.model_copy(update={"severity": "minor"}) if note.severity == "major" else note

    bare = Challenge((), 0, challenge.sheets, (), (), {})
    meant = [c.note for sheet in challenge.sheets for c in sheet.criteria if c.note.severity == "major"]

    counted = count(TruthfulEyes([]), KnowingMind(challenge, milder), facts, bare, progress=quiet)
    figures, wrong = counted.figures, counted.wrong

    caught = [f for f in figures if f.name == "wrong readings that the double entry caught"]
    assert len(wrong) == len(meant)
    assert all(f.hits == f.shown for f in caught)
    assert sum(f.shown for f in caught) == len(wrong)
    assert all("minor" in line.read and "major" in line.meant for line in wrong)


def test_an_operator_misread_on_a_size_is_no_wrong_reading_but_is_stated(challenge: Challenge, facts: PackageFacts):
    def inclusive(note: Note) -> Note:
        tiers = tuple(tier.model_copy(update={"operator": ">="}) for tier in note.tiers)
        return note.model_copy(update={"tiers": tiers}) if note.kind == "size" else note

    bare = Challenge((), 0, challenge.sheets, (), (), {})

    counted = count(TruthfulEyes([]), KnowingMind(challenge, inclusive), facts, bare, progress=quiet)
    figures, wrong = counted.figures, counted.wrong

    assert wrong == []
    assert (named(figures, "criterion read right, > and >= told apart", "new forms").value or 0) < 1


def test_every_slip_of_the_pen_differs_from_what_was_meant(challenge: Challenge):
    notes = [c.note for sheet in challenge.sheets for c in sheet.criteria if c.note.kind != "other"]

    assert all(differs(note, slipped(note, turn)) for note in notes for turn in range(9))


def test_the_command_prints_writes_and_finds_the_model_card(
    challenge: Challenge, units: list[ShownUnit], facts: PackageFacts, tmp_path
):
    counted = count(TruthfulEyes(units), KnowingMind(challenge), facts, challenge, progress=quiet)
    report = _report(counted)
    report.save(tmp_path / "figures.json")

    assert Report.model_validate_json((tmp_path / "figures.json").read_text()) == report
    assert "| eyes: defects found | 1.000 |" in as_markdown(report)


def test_a_missing_package_is_refused_before_anything_is_drawn(tmp_path):
    drawn: list[int] = []

    def draw(number: int, questions: int, facts: PackageFacts) -> Challenge:
        drawn.append(number)
        return draw_challenge(number, questions, facts)

    app = Typer()
    app.command()(command(draw))

    result = CliRunner().invoke(app, [str(tmp_path)])

    assert result.exit_code == 1
    assert "inspector assemble" in str(result.exception)
    assert drawn == []


def test_units_and_language_evaluated_apart_make_one_report(tmp_path):
    whole = draw_challenge(1, 0)
    report = Report.model_validate(
        {
            "package": "tiny 1",
            "package_digest": "sha256:0",
            "taken_at": "2026-01-01T00:00:00Z",
            "took_s": 1.0,
            "machine": {},
            "challenge": dict(whole.facts),
            "figures": [share("eyes", "defects found", 1, 2)],
            "wrong_readings": [],
        }
    )
    other = report.model_copy(update={"figures": (share("reading", "criterion read right", 2, 2),), "took_s": 3.0})
    other.save(tmp_path / "other.json")

    both = report.beside(Report.load(tmp_path / "other.json"))

    assert whole.sheets == ()
    assert [figure.topic for figure in both.figures] == ["eyes", "reading"]
    assert both.took_s == 3.0
    with pytest.raises(PackageInvalid, match="same package"):
        report.beside(other.model_copy(update={"package_digest": "sha256:1"}))
    with pytest.raises(PackageInvalid, match="no figures of an evaluation"):
        Report.load(tmp_path / "nothing.json")


def test_the_page_shows_what_was_missed_and_what_was_invented(
    challenge: Challenge, units: list[ShownUnit], facts: PackageFacts, tmp_path
):
    def blind_to_cracks(defect: ShownDefect) -> bool:
        return defect.defect in ("crack", "break")

    gallery = Gallery(facts.operating_point, most=3)
    counted = count(
        TruthfulEyes(units, forget=blind_to_cracks),
        KnowingMind(challenge),
        facts,
        challenge,
        progress=quiet,
        repetitions=2,
        gallery=gallery,
    )
    report = _report(counted)
    owed = [d for unit in units for d in unit.defects if d.specified and blind_to_cracks(d)]
    (tmp_path / "out" / "pictures").mkdir(parents=True)
    (tmp_path / "out" / "pictures" / "missed-09.png").write_bytes(b"of an earlier evaluation")

    page = write_report(tmp_path / "out", report, gallery, challenge.unit_sheets[0], facts.operating_point)

    text = page.read_text()
    sheet = challenge.unit_sheets[0]
    assert f"{sheet.id}, version {sheet.version}, {sheet.digest}" in text
    assert all(f"<td>{escape(one.sentence)}</td>" in text for one in sheet.criteria)
    assert "Magenta frame: the true place of what was missed." in text
    assert facts_of(challenge)["sheet of the units"] == f"{sheet.id}, version {sheet.version}, {sheet.digest}"
    assert facts_of(replace(challenge, unit_count=0)) == dict(challenge.facts)
    missed = sorted((tmp_path / "out" / "pictures").iterdir())
    assert [path.name for path in missed] == [f"missed-{n:02d}.png" for n in range(1, min(3, len(owed)) + 1)]
    assert text.count("data:image/jpeg;base64,") == len(missed)
    for path in missed:
        banner = np.asarray(cv2.imread(str(path)))[:36]
        assert (banner[:, -140:] == banner[0, -1]).all()  # no unit 0
    assert "No picture of a finding on nothing was kept in this run." in text
    assert "<script" not in text and "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert Report.load(tmp_path / "out" / "figures.json") == report
    assert counted.tables is not None
    lost = {c.true: c.count for c in counted.tables.confusion if c.called == "missed"}
    assert sum(lost.values()) == len(owed)
    largest = max(owed, key=lambda d: d.length_px)
    worst = gallery.worst("missed")[0].defect
    assert worst is not None and worst.length_px == largest.length_px


def test_the_smallest_size_is_stated_only_where_enough_was_shown():
    def seen(found: Sequence[bool]) -> list[SeenUnit]:
        return [_one_spot(10.0 + index, found=hit) for index, hit in enumerate(found)]

    at = OperatingPoint(real_from=0.8, hold_from=0.4, doubt_from=0.25, sure_from=0.5)
    few, many = (unit_tables(seen([True] * count), at).smallest[0] for count in (28, 29))
    (after_a_miss,) = unit_tables(seen([False] + [True] * 60), at).smallest
    (after_many,) = unit_tables(seen([True] * 60 + [False] * 10 + [True] * 40), at).smallest
    (among_the_largest,) = unit_tables(seen([True] * 200 + [False]), at).smallest

    mixed = unit_tables([_one_spot(5.0, found=k < 29) for k in range(49)], at).smallest[0]

    assert mixed.length_px is None  # of one length, 20 of 49 missed
    assert (few.length_px, many.length_px) == (None, 10.0)  # 29 without a miss: 1 - 0.05^(1/29) = 0.098
    assert after_a_miss.length_px == 10.0 and after_a_miss.missed == 1
    assert after_many.length_px is not None and after_many.length_px > 70
    assert among_the_largest.length_px is None  # the first that could prove it did not
    assert (among_the_largest.missed, among_the_largest.shown) == (1, 29)


def test_eyes_that_find_just_90_in_100_have_a_smallest_size_in_5_runs_of_100_at_most():
    at = OperatingPoint(real_from=0.8, hold_from=0.4, doubt_from=0.25, sure_from=0.5)
    draw = Random("a90/95 1")
    both = [(_one_spot(5.0 + 0.1 * k, found=False), _one_spot(5.0 + 0.1 * k, found=True)) for k in range(150)]

    proven = sum(
        unit_tables([pair[draw.random() < 0.9] for pair in both], at).smallest[0].length_px is not None
        for _ in range(1000)
    )

    assert proven <= 60  # 47 expected, 0.9^29, and a standard deviation of 7


def test_a_smallest_size_has_mm_only_where_the_pictures_have_one_scale():
    at = OperatingPoint(real_from=0.8, hold_from=0.4, doubt_from=0.25, sure_from=0.5)
    alike = [_one_spot(10.0 + k, found=True, px_per_mm=10.0 + 0.05 * (k % 2)) for k in range(40)]
    mixed = [_one_spot(10.0 + k, found=True, px_per_mm=10.0 + 0.2 * (k % 2)) for k in range(40)]

    (one, several) = (unit_tables(seen, at).smallest[0] for seen in (alike, mixed))

    assert (one.length_px, one.length_mm) == (10.0, 1.0)
    assert (several.length_px, several.length_mm) == (10.0, None)


def test_a_report_that_cannot_be_written_is_refused(challenge: Challenge, facts: PackageFacts, tmp_path):
    (tmp_path / "file").write_text("")
    gallery = Gallery(facts.operating_point)
    bare = Challenge((), 0, (), (), (), {})
    report = _report(count(TruthfulEyes([]), KnowingMind(challenge), facts, bare, progress=quiet))

    with pytest.raises(LineError, match="the report cannot be written"):
        write_report(tmp_path / "file" / "out", report, gallery, None, facts.operating_point)


def test_a_report_replaces_its_own_pictures_and_no_others(challenge: Challenge, facts: PackageFacts, tmp_path):
    bare = Challenge((), 0, (), (), (), {})
    report = _report(count(TruthfulEyes([]), KnowingMind(challenge), facts, bare, progress=quiet))
    (tmp_path / "pictures").mkdir()
    for name in ("missed-07.png", "lot A.png"):
        (tmp_path / "pictures" / name).write_bytes(b"a picture")

    write_report(tmp_path, report, Gallery(facts.operating_point), None, facts.operating_point)

    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["lot A.png"]


def test_a_group_with_brackets_in_its_name_is_shown_as_it_is(challenge: Challenge, facts: PackageFacts, capsys):
    bare = Challenge((), 0, (), (), (), {})
    report = _report(count(TruthfulEyes([]), KnowingMind(challenge), facts, bare, progress=quiet))
    named = share("units", "wholly right", 3, 4, of="lot: A [/17] [red] 3")

    show(report.model_copy(update={"figures": (named,)}), 0)

    assert "lot: A [/17] [red] 3" in capsys.readouterr().out


def _report(counted: Counted) -> Report:
    return Report(
        package="tiny 1",
        package_digest="sha256:0",
        taken_at=datetime(2026, 1, 1, tzinfo=UTC),
        took_s=1.0,
        machine={"processor": "a processor", "threads": "1"},
        challenge={},
        figures=tuple(counted.figures),
        wrong_readings=tuple(counted.wrong),
        tables=counted.tables,
    )


def _one_spot(length_px: float, *, found: bool, px_per_mm: float = 10.0) -> SeenUnit:
    spot = ShownDefect(
        defect="spot",
        zone="tablet",
        box_px=(0, 0, 4, 4),
        mask=np.full((4, 4), 255, np.uint8),
        sizes={"mm": length_px / px_per_mm, "mm2": 1.0, "%": 1.0},
        length_px=length_px,
        specified=True,
        whole=False,
    )
    sizes: dict[str, Size] = {unit: Size(value=1.0, uncertainty=0.1) for unit in MEASURES}
    observation = Observation(
        score=0.9 if found else 0.1,
        classes=(("spot", 1.0),),
        zone="tablet",
        box_px=(0, 0, 4, 4),
        outline_px=((0, 0), (4, 0), (4, 4)),
        sizes=sizes,
    )
    return SeenUnit("unit", (spot,), {}, Look((observation,), 0.0, 1.0, False, 1.0), ((0,),), frozenset({0}))
