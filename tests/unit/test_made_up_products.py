"""Products that the mind is taught to read about: names that share words, one meaning a sentence, one place or more."""

import re
from itertools import combinations
from random import Random

import pytest

from models.answer import note_pieces, parse_note
from models.example_files import ANOMALY
from models.sentences import Sentence
from tests.taught import material
from tuning.config import MindConfig, load_recipe
from tuning.mind.course import Course
from tuning.mind.judging_tasks import draw_judging
from tuning.mind.material import Material
from tuning.mind.products import ONE_PLACE, described_product, made_up_product
from tuning.mind.reading_tasks import ReadTask, draw_reading
from tuning.mind.wording import Described
from tuning.teach.package import WHOLE, class_of, facts_of
from tuning.teach.pictures import _unspeakable

MATERIAL = material()
WORDINGS = MATERIAL.wordings


@pytest.fixture(scope="module")
def made_up() -> list[Material]:
    return [made_up_product(Random(seed), MATERIAL) for seed in range(200)]


@pytest.fixture(scope="module")
def described() -> list[Material]:
    return [described_product(Random(seed), MATERIAL) for seed in range(200)]


@pytest.fixture(scope="module")
def products(made_up, described) -> list[Material]:
    return [product for pair in zip(made_up, described, strict=True) for product in pair]


@pytest.fixture(scope="module")
def config(repository) -> MindConfig:
    return load_recipe(repository / "configs" / "tuning" / "embedded.yaml").mind


def test_no_two_kinds_of_a_product_are_called_the_same(products) -> None:
    for product in products:
        words = product.wordings.words
        called = [{*one.many, *one.one} for one in (*words.own.values(), *words.others.values())]
        assert not [one & other for one, other in combinations(called, 2) if one & other]


def test_the_names_of_most_products_share_words(products) -> None:
    def shares(product: Material) -> bool:
        words = [word for name in product.own.defects for word in name.split()]
        return len(set(words)) < len(words)

    assert sum(map(shares, products)) > 300


def test_to_name_the_only_place_restricts_nothing(products) -> None:
    single = [product for product in products if not product.own.places]
    spoken = [
        one
        for seed, product in enumerate(single)
        for one in draw_reading(Random(seed), product, 20, own=1.0, mistyped=0).spoken
    ]

    assert 240 < len(single) < 360
    assert len([one for one in spoken if "on this product" in one.sentence]) > 5
    assert {one.note.zone for one in spoken} == {""}


def test_a_kind_that_the_product_does_not_have_is_no_criterion(products) -> None:
    strange = 0
    for seed, product in enumerate(products):
        others = [word for one in product.wordings.words.others.values() for word in one.many]
        own = [word for one in product.wordings.words.own.values() for word in (*one.many, *one.one)]
        for one in draw_reading(Random(seed), product, 20, own=1.0, renamed=0, mistyped=0).spoken:
            said = one.sentence.lower()
            if any(f" {word} " in said for word in others) and not any(word in said for word in own):
                strange += 1
                assert one.note.kind == "other", one.sentence

    assert strange > 80


def test_what_people_wrote_about_a_blister_is_said_of_a_product_without_a_word_of_the_blister(made_up) -> None:
    of_a_blister, whole = {"pocket", "pockets", "foil", "blister", "blisters"}, 0
    synonyms = {word for words in WORDINGS.products.synonyms.values() for word in words}  # a film is a foil, too
    for product in made_up[:40]:
        known = product.wordings.words.own
        for one in product.wordings.written:
            if one.note.defect:
                called = known[one.note.defect]
                names = {word for name in (*called.many, *called.one) for word in name.split()}
                assert not (set(one.text.lower().split()) - names - synonyms) & of_a_blister, one.text
                whole += len(one.text.split()) > 12

    assert whole > 200


def test_what_a_name_stands_for_is_no_criterion_and_what_has_a_verb_is_one(made_up) -> None:
    said = [one for product in made_up for one in product.wordings.written]
    with_a_verb = [one for one in said if re.match(r"(If|When) the \w+ (is|has|shows)", one.text)]
    explained = [one for one in said if one.text.startswith("By ")]

    assert len(with_a_verb) > 500
    assert len(explained) > 100
    assert "other" not in {one.note.kind for one in with_a_verb}
    assert {one.note.kind for one in explained} == {"other"}


def test_a_criterion_about_a_kind_that_the_product_has_is_not_taught_as_a_remark(made_up) -> None:
    leaflets = [p for p in made_up if any("leaflet" in name.split() for name in p.own.defects)]
    others = [p for p in made_up if not any("leaflet" in name.split() for name in p.own.defects)]
    remark = "A missing leaflet is major."

    assert len(leaflets) > 10
    assert not any(remark in product.wordings.other.plain for product in leaflets)
    assert any(remark in product.wordings.other.plain for product in others)


def test_a_kind_of_a_described_product_goes_by_any_of_its_names(described) -> None:
    seen: dict[str, set[tuple[str, ...]]] = {}
    for product in described:
        seen.setdefault(product.wordings.written[0].text, set()).add(tuple(sorted(product.own.defects)))

    assert sum(len(lists) > 1 for lists in seen.values()) > len(seen) / 2


@pytest.mark.parametrize("product", WORDINGS.described, ids=lambda product: product.unit)
def test_a_described_sentence_means_a_kind_of_its_product_by_a_quantity_that_it_has(product) -> None:
    names = [name for kind in product.kinds.values() for name in kind.names]
    meant = {one.note.defect for one in product.sentences}

    assert len(set(names)) == len(names)
    assert _unspeakable(names) == []
    assert set(product.kinds) <= meant <= {*product.kinds, ANOMALY, ""}
    for one in product.sentences:
        if one.note.kind == "size":
            assert one.note.unit in product.kinds[one.note.defect].units, one.text


def test_most_described_sentences_do_not_say_the_name_of_their_kind() -> None:
    criteria = [(one, product) for product in WORDINGS.described for one in product.sentences if one.note.defect]
    named = [one for one, product in criteria if one.note.defect != ANOMALY and _is_named(one.text, product, one)]

    assert len(criteria) > 1000
    assert len(named) < len(criteria) / 3


def _is_named(text: str, product: Described, one: Sentence) -> bool:
    return any(name in text.lower() for name in product.kinds[one.note.defect].names)


def test_every_note_about_a_product_can_be_answered(products) -> None:
    nameable = MATERIAL.nameable
    for seed, product in enumerate(products[:60]):
        assert set(product.own.defects) <= set(nameable.defects)
        assert set(product.own.zones) <= set(nameable.zones)
        task = draw_reading(Random(seed), product, 20, own=1.0)
        assert all(parse_note("".join(note_pieces(one.note)), product.own.zones) == one.note for one in task.spoken)
        judged = draw_judging(Random(seed), product, 15, 10, near=1.0, mixed=0.3, own=1.0, crowded=False)
        assert {line.note.zone for line in judged.lines} <= {"", *product.own.places}


def test_the_last_courses_are_about_products_as_often_as_the_recipe_says(config: MindConfig) -> None:
    course, settings = Course(config, MATERIAL), config.training
    last, before = settings.again[-1], [one for one in settings.again if not one.products]
    first = settings.all_steps - last.steps
    first_of_products = settings.steps + sum(one.steps for one in before)

    def about_products(steps: range) -> list[bool]:
        tasks = [task for task in map(course.task, steps) if isinstance(task, ReadTask)]
        return [task.vocabulary.zones == ("product",) for task in tasks]

    lately = about_products(range(first, first + 240))

    assert abs(sum(lately) / len(lately) - ONE_PLACE * last.products) < 0.1
    assert not any(about_products(range(first_of_products - 60, first_of_products)))


def test_what_every_taught_package_has_is_explained_as_teaching_explains_it(products) -> None:
    """One place, and one kind for what no name fits: the mind is taught them in the words that it will meet."""
    package = facts_of("x", frame=(480, 768), defects=(), zones=(WHOLE,), real_from=0.5, hold_from=0.4, training={})
    (place,), anomaly = package.zones, class_of(ANOMALY, None, sized=True)
    told = next(one.glossary for one in products if ANOMALY in one.glossary and not one.own.places)

    assert place.name in MATERIAL.nameable.zones
    assert told[place.name] == (place.about, *place.words)
    assert told[ANOMALY] == (anomaly.about, *anomaly.words)
