"""The wordings that the mind learns from: broad, complete, never readable two ways."""

import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from models.answer import note_pieces, parse_note
from models.chain import asked_units
from models.errors import ExampleInvalid
from models.note import Note, Tier, Unit
from models.sentences import load_sentences
from tests.taught import material
from tuning.mind.judging_tasks import draw_judging
from tuning.mind.reading_tasks import draw_reading
from tuning.mind.speak import Said, Spoken, speak, typed
from tuning.mind.wording import placeholders, side_of

WORDINGS = material().wordings
SIZE = WORDINGS.size
PLAIN_SIZE = [*SIZE.over, *SIZE.within, *(form for group in SIZE.stated.values() for form in group)]
HEADED_SIZE = [*SIZE.over_headed, *SIZE.within_headed, *(f for group in SIZE.stated_headed.values() for f in group)]
COUNTS = [form for group in WORDINGS.count.plain.values() for form in group]
OVER = [
    (op, phrase) for groups in WORDINGS.comparators.over.values() for op, group in groups.items() for phrase in group
]
WITHIN = [
    (op, phrase) for groups in WORDINGS.comparators.within.values() for op, group in groups.items() for phrase in group
]


def test_the_wordings_are_as_broad_as_they_claim() -> None:
    assert len(PLAIN_SIZE) + len(HEADED_SIZE) >= 150
    assert len(WORDINGS.any.plain) >= 60
    assert len(WORDINGS.off.plain) >= 40
    assert len(COUNTS) >= 40
    assert len(OVER) + len(WITHIN) >= 60
    assert len(WORDINGS.zones.inside) + len(WORDINGS.zones.outside) >= 40
    assert len(WORDINGS.other.plain) + len(WORDINGS.other.named) >= 70


@pytest.mark.parametrize("form", [*PLAIN_SIZE, *WORDINGS.any.plain, *COUNTS])
def test_a_form_without_a_heading_states_the_severity(form: str) -> None:
    assert "sev" in placeholders(form)


@pytest.mark.parametrize("form", [*HEADED_SIZE, *WORDINGS.any.headed, *WORDINGS.off.plain, *WORDINGS.off.headed])
def test_a_headed_or_off_form_leaves_the_severity_out(form: str) -> None:
    assert "sev" not in placeholders(form)
    assert placeholders(form) & {"d", "s", "D", "one"}


def test_a_size_form_states_its_limit_once() -> None:
    for form in [*PLAIN_SIZE, *HEADED_SIZE]:
        assert sum(form.count(f"{{{slot}}}") for slot in ("L", "cmp", "ok")) == 1, form


def test_a_form_is_listed_once() -> None:
    forms = [*PLAIN_SIZE, *HEADED_SIZE, *WORDINGS.any.plain, *WORDINGS.off.plain, *COUNTS, *WORDINGS.other.plain]

    assert len(set(forms)) == len(forms)


def test_or_more_and_at_least_include_the_limit_and_more_than_does_not() -> None:
    for operator, phrase in OVER:
        if any(words in phrase for words in ("or more", "at least", "or above", "≥", ">=", "or longer", "or larger")):
            assert operator == ">=", phrase
        if any(
            words in phrase for words in ("more than {L}", " over {L}", "exceeding {L}", "beyond", "longer than {L}")
        ):
            assert operator == (">=" if "or exceeding" in phrase else ">"), phrase


def test_at_most_lets_the_limit_pass_and_less_than_does_not() -> None:
    for operator, phrase in WITHIN:
        if any(words in phrase for words in ("at most", "up to", "no more than", "or less", "≤", "maximum")):
            assert operator == ">", phrase
        if any(words in phrase for words in ("less than", "below", "under {L}", "shorter than")):
            assert operator == (">=" if "not " not in phrase else operator), phrase


def test_some_forms_of_every_kind_are_kept_for_the_early_look() -> None:
    for forms in (PLAIN_SIZE, WORDINGS.any.plain, WORDINGS.off.plain, COUNTS, WORDINGS.other.plain):
        kept = sum(side_of(form) == "kept" for form in forms)
        assert 0 < kept < len(forms) / 4


def test_the_wording_decides_whether_the_limit_is_included() -> None:
    note = Note(kind="size", defect="spot", unit="mm", tiers=(Tier(operator=">", limit=0.5, severity="major"),))
    draw = Random(3)

    spoken = [speak(draw, WORDINGS, note, Said("spots", "spot"), "taught") for _ in range(300)]

    assert {one.note.tiers[0].operator for one in spoken} == {">", ">="}
    assert all(one.note.tiers[0].operator == ">=" for one in spoken if "or more" in one.sentence)
    assert all(one.note.tiers[0].operator == ">" for one in spoken if "more than" in one.sentence)


def test_every_sentence_states_its_limit_and_severity_in_words() -> None:
    note = Note(kind="size", defect="spot", unit="mm", tiers=(Tier(operator=">", limit=7.35, severity="minor"),))
    draw = Random(4)

    for _ in range(300):
        spoken = speak(draw, WORDINGS, note, Said("spots", "spot"), "taught")
        said = spoken.sentence.replace(",", ".").lower()
        assert any(limit in said for limit in ("7.35", "0.735 c", "7350 ", "seven point three five"))
        assert "minor" in (spoken.heading + spoken.sentence).lower()


def test_a_place_before_the_sentence_and_one_in_a_column_are_said_too() -> None:
    note = Note(kind="any", defect="spot", zone="foil", outside=True, severity="major")
    draw = Random(5)

    said = [speak(draw, WORDINGS, note, Said("spots", "spot", "lidding"), "taught").sentence for _ in range(3000)]

    assert all(sentence.lower().count("lidding") == 1 for sentence in said)
    assert any(sentence.lower().startswith(("not lidding", "lidding excluded", "[not lidding")) for sentence in said)
    assert any("| not lidding |" in sentence or "| all but lidding |" in sentence for sentence in said)
    assert not any("everywhere |" in sentence for sentence in said)


def test_limits_are_written_in_words_and_fractions_too() -> None:
    lengths = {0.5: "half a", 2.5: "two and a half", 1.0: "one milli", 0.25: "250 ", 1.25: "1250 "}
    areas, shares = {20.0: "0.2 cm", 4.0: "0.04 cm"}, {75.0: "three quarters", 12.5: "1/8", 33.33: "a third"}
    by_unit: dict[Unit, dict[float, str]] = {"mm": lengths, "mm2": areas, "%": shares}
    for unit, limits in by_unit.items():
        for value, words in limits.items():
            tier = Tier(operator=">", limit=value, severity="minor")
            note = Note(kind="size", defect="spot", unit=unit, tiers=(tier,))
            called = Said("spots", "spot")
            said = [speak(Random(seed), WORDINGS, note, called, "taught").sentence for seed in range(600)]
            assert any(words in sentence for sentence in said), words
            assert len([sentence for sentence in said if words in sentence]) < 300  # figures stay the usual case


@pytest.mark.parametrize("unit", ["mm", "count"])
def test_two_limits_are_noted_in_the_order_in_which_they_are_said(unit: Unit) -> None:
    tiers = (Tier(operator=">", limit=3.0, severity="minor"), Tier(operator=">", limit=7.0, severity="major"))
    note = Note(kind="count" if unit == "count" else "size", defect="spot", unit=unit, tiers=tiers)

    said = [speak(Random(seed), WORDINGS, note, Said("spots", "spot"), "taught") for seed in range(400)]
    orders = set()
    for spoken in said:
        limits = re.findall(r"(?<![\w.,])[37](?= ?mm| per| spots|[ ;,)])", spoken.sentence)
        if sorted(limits) == ["3", "7"]:
            assert [f"{tier.limit:g}" for tier in spoken.note.tiers] == limits, spoken.sentence
            orders.add(limits[0])

    assert orders == {"3", "7"}
    assert all(tier in tiers or tier.operator == ">=" for spoken in said for tier in spoken.note.tiers)


def test_a_heading_may_stand_in_the_sentence_as_in_a_table_without_groups() -> None:
    note = Note(kind="any", defect="spot", severity="major")
    headings = WORDINGS.words.headings["major"]

    said = [speak(Random(seed), WORDINGS, note, Said("spots", "spot"), "taught") for seed in range(600)]

    assert any(spoken.sentence.startswith(tuple(headings)) and not spoken.heading for spoken in said)
    assert any(spoken.sentence.rstrip(".").endswith(tuple(headings)) and not spoken.heading for spoken in said)


def test_a_criterion_for_what_the_product_cannot_see_is_none() -> None:
    known = material()
    task = draw_reading(Random("c"), replace(known, written_share=0), 400, own=1.0, mistyped=0)
    words = known.wordings.words
    places = " ".join(word for zone in known.own.zones for word in words.zones[zone].words)  # a "hollow" is one too
    called = [words.others[name] for name in words.outsiders]
    unseen = [word for one in called for word in (*one.many, *one.one) if word not in places]
    named = re.compile(rf"\b({'|'.join(map(re.escape, unseen))})\b", re.IGNORECASE)
    spoken = [one for one in task.spoken if named.search(one.sentence)]

    assert len(spoken) > 10
    assert all(one.note.kind == "other" for one in spoken)


def test_a_slip_keeps_figures_and_short_words() -> None:
    spoken = Spoken("", "Chips of more than 2.5 mm are major.", Note(kind="other"))

    slipped = [typed(Random(seed), spoken, 1.0).sentence for seed in range(50)]

    assert all("2.5 mm" in sentence and sentence != spoken.sentence for sentence in slipped)


def test_the_same_seed_draws_the_same_sheet_and_every_note_is_in_the_grammar() -> None:
    known = material()

    first = draw_reading(Random("a"), known, 40)
    second = draw_reading(Random("a"), known, 40)

    assert first == second
    zones = first.vocabulary.zones
    assert all(parse_note("".join(note_pieces(spoken.note)), zones) == spoken.note for spoken in first.spoken)


def test_an_invented_word_is_explained_by_the_glossary() -> None:
    known = material()
    task = draw_reading(
        Random("b"), replace(known, written_share=0), 60, own=1.0, renamed=1.5, mistyped=0
    )  # every defect renamed
    unusual = []
    for spoken in task.spoken:
        if spoken.note.kind == "any" and not spoken.note.zone:
            usual = known.wordings.words.own[spoken.note.defect]
            if not any(word.lower() in spoken.sentence.lower() for word in (*usual.many, *usual.one)):
                unusual.append(spoken)

    assert len(unusual) > 5
    for spoken in unusual:
        explained = [re.sub("(?<=ch)es$|s$", "", word.lower()) for word in task.glossary[spoken.note.defect]]
        assert any(word in spoken.sentence.lower() for word in explained), spoken.sentence


def test_a_question_has_every_size_that_its_lines_ask_for() -> None:
    known = material()

    for seed in range(40):
        task = draw_judging(Random(seed), known, 20, 22, near=1.0, mixed=0.3)
        assert len(task.chains) == len(task.questions) == 22
        for question in task.questions:
            if question.count is None:
                assert set(asked_units(task.lines, question.defect)) <= dict(question.sizes).keys()


@pytest.mark.parametrize(
    ("name", "fewest"), [("independent.yaml", 300), ("development.yaml", 300), ("carton.yaml", 100), ("vial.yaml", 100)]
)
def test_independent_sentences_are_many_and_were_not_taught(repository: Path, name: str, fewest: int) -> None:
    sentences = load_sentences(repository / "tests" / "wordings" / name)
    taught = (repository / "tuning" / "mind" / "wordings").glob("*.yaml")
    known = "\n".join(path.read_text(encoding="utf-8").lower() for path in taught)

    assert len(sentences) >= fewest
    assert len({sentence.text for sentence in sentences}) == len(sentences)
    words = {sentence.text: re.findall(r"\S*\w\S*", sentence.text) for sentence in sentences}
    whole = [text for text, said in words.items() if len(said) > 4]  # fewer name a defect, or a table's columns
    assert not [text for text in whole if text.lower() in known]
    assert {sentence.trait for sentence in sentences} == {"plain", "typo", "glossary"}


def test_a_file_of_sentences_without_a_meaning_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some.yaml").write_text("sentences: [{text: Any chip., heading: ''}]")

    with pytest.raises(ExampleInvalid, match=r"some\.yaml: sentences\.0\.note: Field required"):
        load_sentences(tmp_path / "some.yaml")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"limit": ".nan"}, "sentences.0.note"),
        ({"limit": "150"}, "sentences.0.note"),
        ({"limit": "''"}, "kind size has operator, limit and severity"),
        ({"defect": "''"}, "a criterion names its defect"),
    ],
)
def test_a_sentence_of_an_impossible_meaning_is_refused(tmp_path: Path, change: dict[str, str], says: str) -> None:
    note = {"kind": "size", "defect": "chip", "zone": "''", "outside": "false", "unit": "mm", "operator": "'>'"}
    note |= {"limit": "2.0", "severity": "major"} | change
    fields = ", ".join(f"{name}: {value}" for name, value in note.items())
    (tmp_path / "some.yaml").write_text(f"sentences: [{{text: Chips over 2 mm., heading: '', note: {{{fields}}}}}]")

    with pytest.raises(ExampleInvalid, match=re.escape(says)):
        load_sentences(tmp_path / "some.yaml")
