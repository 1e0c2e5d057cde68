"""The decision, one rule a test: what rejects, what holds, and that nothing turns either into an accept."""

import random

import pytest

from models.criteria import CriteriaSheet, Criterion, Limit
from models.note import MEASURES, Note, Tier
from models.observation import Observation, Size
from models.verdict import Disposition, Judgement, OperatingPoint, Reason, Verdict, decide, questions_for

AT = OperatingPoint(real_from=0.6, hold_from=0.3, doubt_from=0.2, sure_from=0.5)
ACCEPT, HOLD, REJECT = Disposition.ACCEPT, Disposition.HOLD, Disposition.REJECT


def criterion(id: str, defect: str, limit: tuple[str, str, float] | None, severity: str, zone: str = "") -> Criterion:
    sized = Limit.model_validate({"unit": limit[0], "operator": limit[1], "value": limit[2]}) if limit else None
    return Criterion.model_validate(
        {"id": id, "defect": defect, "wording": f"{id} in words", "limit": sized, "zone": zone, "severity": severity}
        | {"clauses": ("a clause",)},
    )


def sheet(*criteria: Criterion, rejects: tuple[str, ...] = ("critical", "major")) -> CriteriaSheet:
    content = {"id": "s", "title": "S", "product": "P", "version": 1, "rejects": rejects, "criteria": criteria}
    return CriteriaSheet.model_validate(content)


SPOTS = criterion("A", "spot", ("mm", ">", 1.0), "major")
CHIPS = criterion("B", "chip", None, "critical")
STAINS = criterion("C", "stain", ("mm", ">", 3.0), "minor")
CRACKS_OFF = criterion("D", "crack", None, "off")
SHEET = sheet(SPOTS, CHIPS, STAINS, CRACKS_OFF)


def seen(
    defect: str,
    mm: float = 0.5,
    *,
    off_by: float = 0.05,
    score: float = 0.95,
    zone: str = "tablet",
    also: str = "",
    p: float = 0.0,
) -> Observation:
    classes = ((defect, 1 - p), (also, p)) if also else ((defect, 1.0),)
    size: dict[str, Size] = {unit: Size(value=mm, uncertainty=off_by) for unit in MEASURES}
    return Observation(
        score=score, classes=classes, zone=zone, box_px=(1, 2, 3, 4), outline_px=((1, 2), (3, 4)), sizes=size
    )


def judge(*observations: Observation, by: CriteriaSheet = SHEET, judgements: tuple[Judgement, ...] = ()) -> Verdict:
    notes = [(c.id, c.note) for c in by.criteria]
    return decide(observations, view="top", sheet=by, notes=notes, judgements=judgements, at=AT)


def opinion(verdict: str, observation: int | None = 0) -> Judgement:
    content = {"observation": observation, "chain": "K1 a chain", "verdict": verdict, "score": 0.9, "as_drafted": False}
    return Judgement.model_validate(content)


def test_nothing_seen_is_an_accept():
    assert judge() == Verdict(disposition=ACCEPT)


def test_a_size_over_its_limit_rejects_and_says_by_how_much():
    verdict = judge(seen("spot", 1.2))

    (finding,) = verdict.findings
    assert (verdict.disposition, verdict.reason) == (REJECT, Reason.DEFECT)
    assert verdict.text == "A: spot on tablet 1.2 ± 0.05 mm, limit 1 (major)"
    assert (finding.criterion, finding.clauses, finding.value, finding.uncertainty) == ("A", ("a clause",), 1.2, 0.05)
    assert (finding.view, finding.box_px, finding.wording) == ("top", (1, 2, 3, 4), "A in words")


def test_a_size_under_its_limit_by_more_than_the_uncertainty_is_accepted():
    assert judge(seen("spot", 0.9)).disposition is ACCEPT


@pytest.mark.parametrize("mm", [0.96, 1.0])
def test_a_size_under_its_limit_by_less_than_the_uncertainty_holds(mm: float):
    verdict = judge(seen("spot", mm))

    assert (verdict.disposition, verdict.reason) == (HOLD, Reason.UNSURE)
    assert verdict.text.startswith("A: perhaps spot")


def test_a_size_at_its_limit_is_over_where_the_sheet_says_from():
    by = sheet(criterion("A", "spot", ("mm", ">=", 1.0), "major"))

    assert judge(seen("spot", 1.0, off_by=0), by=by).disposition is REJECT
    assert judge(seen("spot", 1.0, off_by=0)).disposition is ACCEPT


def test_every_occurrence_counts_where_there_is_no_limit():
    assert judge(seen("chip", 0.01)).disposition is REJECT


def test_a_severity_that_does_not_reject_is_a_finding_on_an_accepted_unit():
    verdict = judge(seen("stain", 4.0))

    assert verdict.disposition is ACCEPT
    assert [finding.severity for finding in verdict.findings] == ["minor"]


def test_the_sheet_says_which_severities_reject():
    by = sheet(SPOTS, STAINS, rejects=("critical", "major", "minor"))

    assert judge(seen("stain", 4.0), by=by).disposition is REJECT


def test_a_criterion_that_is_switched_off_accepts_what_it_names():
    assert judge(seen("crack", 9.0)) == Verdict(disposition=ACCEPT)


def test_what_no_criterion_names_holds():
    verdict = judge(seen("fragment", 0.2))

    assert (verdict.disposition, verdict.reason) == (HOLD, Reason.UNSURE)
    assert verdict.text == "a fragment on tablet that no criterion names"


@pytest.mark.parametrize(
    ("zone", "where", "expected"),
    [
        ("tablet", "tablet", REJECT),
        ("tablet", "foil", HOLD),
        ("not tablet", "foil", REJECT),
        ("not tablet", "tablet", HOLD),
    ],
)
def test_a_criterion_of_a_zone_says_nothing_elsewhere(zone: str, where: str, expected: Disposition):
    by = sheet(criterion("A", "spot", ("mm", ">", 1.0), "major", zone))

    assert judge(seen("spot", 2.0, zone=where), by=by).disposition is expected


def test_below_the_lower_score_nothing_counts():
    assert judge(seen("chip", score=0.29)).disposition is ACCEPT


def test_between_the_scores_a_finding_can_only_hold():
    assert judge(seen("chip", score=0.3)).disposition is HOLD
    assert judge(seen("chip", score=0.6)).disposition is REJECT


def test_a_class_that_may_be_another_which_rejects_holds():
    assert judge(seen("crack", also="chip", p=0.2)).disposition is HOLD
    assert judge(seen("crack", also="chip", p=0.19)).disposition is ACCEPT


def test_a_class_that_may_be_one_that_nobody_names_holds():
    verdict = judge(seen("crack", also="fragment", p=0.3))

    assert verdict.disposition is HOLD
    assert verdict.text == "a crack that may be a fragment (0.30), which no criterion names"


BY_PLACE = sheet(
    criterion("A", "spot", None, "major", "label"), criterion("B", "spot", ("mm", ">", 3.0), "major", "not label")
)


def test_a_defect_that_may_lie_where_it_rejects_holds():
    across = seen("spot", 1.0, zone="foil").model_copy(update={"perhaps_on": ("label",)})

    verdict = judge(across, by=BY_PLACE)

    assert verdict.disposition is HOLD
    assert verdict.text == "A: perhaps spot on label (major)"
    assert judge(seen("spot", 1.0, zone="foil"), by=BY_PLACE).disposition is ACCEPT


def test_a_defect_that_rejects_where_it_likeliest_lies_stays_a_reject():
    across = seen("spot", 1.0, zone="label").model_copy(update={"perhaps_on": ("foil",)})

    assert judge(across, by=BY_PLACE).disposition is REJECT


def test_a_defect_that_may_lie_where_nobody_names_it_holds():
    across = seen("spot", 1.0, zone="foil").model_copy(update={"perhaps_on": ("pocket",)})
    by = sheet(criterion("A", "spot", ("mm", ">", 3.0), "major", "foil"))

    verdict = judge(across, by=by)

    assert verdict.disposition is HOLD
    assert verdict.text == "a spot on foil that may be on pocket, which no criterion names"


@pytest.mark.parametrize(
    "classes",
    [
        (("stain", 0.55), ("crack", 0.45)),
        (("stain", 0.7), ("crack", 0.15), ("chip", 0.15)),  # together
    ],
)
def test_what_may_be_another_defect_in_another_place_which_rejects_holds(classes: tuple[tuple[str, float], ...]):
    strict_on_tablets = [
        criterion(f"{name}-{severity}", name, None, severity, zone)
        for name in ("crack", "chip")
        for zone, severity in (("tablet", "critical"), ("not tablet", "minor"))
    ]
    by = sheet(criterion("C", "stain", None, "minor"), *strict_on_tablets)
    across = seen("stain", zone="foil").model_copy(update={"classes": classes, "perhaps_on": ("tablet",)})

    assert judge(across, by=by).disposition is HOLD
    assert judge(across.model_copy(update={"perhaps_on": ()}), by=by).disposition is ACCEPT


def test_a_defect_that_may_lie_in_a_zone_may_count_there():
    few = sheet(criterion("A", "spot", ("count", ">", 1.0), "major", "label"), criterion("B", "spot", None, "minor"))
    inside, across = seen("spot", zone="label"), seen("spot", zone="foil").model_copy(update={"perhaps_on": ("label",)})

    assert judge(inside, across, by=few).disposition is HOLD
    assert judge(inside, seen("spot", zone="foil"), by=few).disposition is ACCEPT


def test_several_classes_that_reject_hold_together_though_none_is_likely_enough():
    by = sheet(SPOTS, CHIPS, criterion("E", "break", None, "critical"), CRACKS_OFF)
    two = seen("crack").model_copy(update={"classes": (("crack", 0.7), ("chip", 0.15), ("break", 0.15))})
    one = seen("crack").model_copy(update={"classes": (("crack", 0.85), ("chip", 0.15))})

    assert judge(two, by=by).text == "a crack on tablet that may be something worse (0.30)"
    assert judge(two, by=by).disposition is HOLD
    assert judge(one, by=by).disposition is ACCEPT


def test_a_class_that_may_be_another_stays_a_reject_where_the_likeliest_rejects():
    assert judge(seen("chip", also="crack", p=0.4)).disposition is REJECT


@pytest.mark.parametrize("said", ["reject", "hold"])
def test_a_mind_of_another_opinion_holds_what_the_rule_accepts(said: str):
    verdict = judge(seen("spot", 0.5), judgements=(opinion(said),))

    assert (verdict.disposition, verdict.reason) == (HOLD, Reason.UNSURE)
    assert verdict.text == "the model reads a spot on tablet otherwise: K1 a chain"


def test_a_mind_that_accepts_turns_no_reject_and_no_hold_into_an_accept():
    assert judge(seen("spot", 2.0), judgements=(opinion("accept"),)).disposition is REJECT
    assert judge(seen("spot", 0.97), judgements=(opinion("accept"),)).disposition is HOLD


def test_one_reject_among_many_rejects_and_every_finding_is_kept():
    verdict = judge(seen("stain", 4.0), seen("spot", 0.98), seen("chip"), seen("spot", 0.1))

    assert verdict.disposition is REJECT
    assert [f.criterion for f in verdict.findings] == ["C", "A", "B"]


COUNTED = sheet(criterion("N", "spot", ("count", ">", 2.0), "major"))


def test_a_count_over_its_limit_rejects_the_unit():
    assert judge(*[seen("spot")] * 3, by=COUNTED).disposition is REJECT
    assert judge(*[seen("spot")] * 2, by=COUNTED).disposition is ACCEPT


def test_a_count_that_may_be_over_holds_the_unit():
    assert judge(*[seen("spot")] * 2, seen("spot", score=0.4), by=COUNTED).disposition is HOLD


def test_what_may_be_of_a_class_may_count_for_it():
    by = sheet(*COUNTED.criteria, CRACKS_OFF)

    assert judge(*[seen("spot")] * 2, seen("crack", also="spot", p=0.4), by=by).disposition is HOLD


def test_neighbours_that_are_seen_as_one_may_be_as_many_as_it_has_peaks():
    by = sheet(criterion("N", "spot", ("count", ">", 2.0), "major"))
    one, three = seen("spot"), seen("spot").model_copy(update={"parts": 3})

    assert judge(one, by=by).disposition is ACCEPT
    assert judge(three, by=by).disposition is HOLD
    assert judge(three, by=by).text == "N: perhaps spot 3 count, limit 2 (major)"


def test_a_count_is_taken_in_its_zone_alone():
    by = sheet(
        criterion("N", "spot", ("count", ">", 1.0), "major", "tablet"), criterion("F", "spot", None, "off", "foil")
    )

    assert judge(seen("spot"), seen("spot", zone="foil"), by=by).disposition is ACCEPT
    assert judge(seen("spot"), seen("spot"), by=by).disposition is REJECT


def test_a_mind_that_counts_otherwise_holds():
    assert judge(seen("spot"), by=COUNTED, judgements=(opinion("reject", None),)).disposition is HOLD


def test_a_minor_count_that_is_over_does_not_silence_the_mind_on_a_critical_one():
    by = sheet(
        criterion("F", "fragment", ("count", ">", 1.0), "minor"),
        criterion("N", "spot", ("count", ">", 3.0), "critical"),
    )
    unit = (seen("fragment"), seen("fragment"), seen("spot"))

    assert judge(*unit, by=by).disposition is ACCEPT
    assert judge(*unit, by=by, judgements=(opinion("reject", None),)).disposition is HOLD


def test_a_count_outside_a_zone_is_said_as_such():
    by = sheet(criterion("N", "spot", ("count", ">", 1.0), "major", "not tablet"))

    assert (
        judge(seen("spot", zone="foil"), seen("spot", zone="foil"), by=by).text
        == "N: spot not tablet 2 count, limit 1 (major)"
    )


@pytest.mark.parametrize("unit", ["mm2", "%"])
def test_areas_and_shares_are_compared_like_lengths(unit: str):
    by = sheet(criterion("A", "spot", (unit, ">", 1.0), "major"))

    assert judge(seen("spot", 1.2), by=by).disposition is REJECT
    assert judge(seen("spot", 0.8), by=by).disposition is ACCEPT


def test_a_limit_in_two_steps_names_the_step_that_was_passed():
    tiers = (Tier(operator=">", limit=0.5, severity="minor"), Tier(operator=">", limit=1.0, severity="major"))
    notes = [("A", Note(kind="size", defect="spot", unit="mm", tiers=tiers))]

    verdict = decide([seen("spot", 0.8)], view="top", sheet=SHEET, notes=notes, judgements=(), at=AT)

    assert (verdict.disposition, [f.severity for f in verdict.findings]) == (ACCEPT, ["minor"])


def test_the_mind_is_asked_about_everything_that_counts_and_nothing_else():
    notes = [(c.id, c.note) for c in SHEET.criteria]

    asked = questions_for([seen("spot", 0.7), seen("chip", score=0.2), seen("fragment")], notes, AT)

    assert [(a.observation, a.question.defect) for a in asked] == [(0, "spot"), (2, "fragment")]


def test_the_mind_is_shown_a_doubtful_class_as_what_it_may_be():
    notes = [(c.id, c.note) for c in SHEET.criteria]

    (sure,) = questions_for([seen("spot", also="chip", p=0.04)], notes, AT)
    (doubtful,) = questions_for([seen("spot", also="chip", p=0.3)], notes, AT)

    assert sure.question.mixture == ()
    assert doubtful.question.mixture == (("spot", 0.7), ("chip", 0.3))


def test_the_mind_is_asked_for_a_count_once_and_not_for_each_of_its_parts():
    notes = [(c.id, c.note) for c in COUNTED.criteria]

    asked = questions_for([seen("spot")] * 2, notes, AT)

    assert [(a.observation, a.question.count) for a in asked] == [(None, 2)]


@pytest.mark.parametrize("seed", range(30))
def test_one_observation_more_and_any_doubt_or_opinion_never_make_a_verdict_milder(seed: int):
    draw = random.Random(seed)
    strict = {ACCEPT: 0, HOLD: 1, REJECT: 2}
    by = sheet(SPOTS, CHIPS, STAINS, CRACKS_OFF, criterion("N", "fragment", ("count", ">", 1.0), "major"))

    def anything() -> Observation:
        defect, also = draw.sample(("spot", "chip", "stain", "crack", "fragment", "break"), 2)
        size, p = draw.uniform(0, 4), draw.choice((0.0, 0.1, 0.3))
        return seen(defect, size, score=draw.random(), zone=draw.choice(("foil", "tablet")), also=also, p=p)

    some = [anything() for _ in range(draw.randrange(5))]
    before = judge(*some, by=by).disposition

    assert strict[judge(*some, anything(), by=by).disposition] >= strict[before]
    for places in (by, BY_PLACE):
        doubtful = [one.model_copy(update={"perhaps_on": ("label",)}) for one in some]
        assert strict[judge(*doubtful, by=places).disposition] >= strict[judge(*some, by=places).disposition]
    for said in ("accept", "hold", "reject"):
        asked = tuple(opinion(said, index) for index in range(len(some)))
        assert strict[judge(*some, by=by, judgements=asked).disposition] >= strict[before]
