"""Products as sites teach them: kinds of defect under names of their own that share words, mostly in one place and
unexplained. Some are made up of things and what became of them; others somebody described, with sentences about them.

A taught package's mind is the embedded one. It knows no more of `seal broken`, `seal misplaced` and `seal missing` than
these words, and where its product has a single place, to name that place restricts nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from models.example_files import ANOMALY
from models.note import OPERATORS, SEVERITIES, Kind
from models.sentences import Meaning, Sentence
from tuning.mind.amounts import figure
from tuning.mind.material import Material
from tuning.mind.notes import draw_limit
from tuning.mind.speak import plural, with_article
from tuning.mind.wording import Called, DescribedKind, Forms, OtherForms, Place, Products, State
from tuning.mind.written import SEVERITY

CLASSES = (4, 15)  # how many kinds of a product are a thing in a state
STRANGERS = 6  # kinds that it does not have, though a word of theirs may be one of its words
DESCRIBED = 0.6  # share of products that somebody described, with sentences of their own
SHARED_STATES = 3  # states that several things of a product can be in
FEW_STATES = 3  # of one thing that has several faults: print void, print smear, print shift
CARRIED, CLAUSES = 60, 60  # sentences that were written about another class; that have a verb
CARRIED_TO_DESCRIBED = 12
WRITTEN_OF_DESCRIBED = 0.7  # share of sentences about its kinds
ONE_PLACE, WITH_ANOMALY, WITH_STRAY = 0.75, 0.8, 0.4  # shares of products
MOST_PLAIN = 7  # kinds with a name of a single word, as any product may have them
EXPLAINED = 0.2  # share of kinds that somebody wrote a line about


@dataclass(frozen=True, slots=True)
class _Product:
    classes: dict[str, Called]
    strangers: dict[str, Called]  # kinds that it does not have
    said: list[Sentence]  # about its kinds, by their names
    unit: str


def draw_product(draw: Random, material: Material) -> Material:
    """The same wordings, over the classes and zones of one product."""
    return (described_product if draw.random() < DESCRIBED else made_up_product)(draw, material)


def described_product(draw: Random, material: Material) -> Material:
    """One that somebody described."""
    product = _described(draw, material)
    return _over(draw, replace(material, written_share=WRITTEN_OF_DESCRIBED), product, carried=CARRIED_TO_DESCRIBED)


def made_up_product(draw: Random, material: Material) -> Material:
    """One of things in states."""
    return _over(draw, material, _made_up(draw, material), carried=CARRIED)


def _over(draw: Random, material: Material, product: _Product, *, carried: int) -> Material:
    words, place = material.wordings.words, material.wordings.products.place
    classes, unit = product.classes, product.unit
    zones = {zone: words.zones[zone] for zone in draw.sample(list(words.zones), draw.randint(2, 4))}
    if draw.random() < ONE_PLACE:
        zones = {"product": Place(gloss=place.gloss, words=(*place.words, unit))}
        classes = {name: called.model_copy(update={"place": "product"}) for name, called in classes.items()}
    spoken = words.model_copy(
        update={
            "own": {name: classes[name] for name in draw.sample(list(classes), len(classes))},
            "others": product.strangers,
            "outsiders": tuple(product.strangers),
            "zones": zones,
        }
    )
    written = (*product.said, *_carried(draw, material, classes, unit, most=carried))
    other = _without(material.wordings.other, {word for name in classes for word in name.split()})
    wordings = replace(material.wordings, words=spoken, written=written, other=other)
    return replace(material, wordings=wordings, glossary=_glossary(draw, classes, zones), zones=tuple(zones))


def _carried(
    draw: Random, material: Material, classes: dict[str, Called], unit: str, *, most: int
) -> Iterator[Sentence]:
    """Sentences that were written about another class, where one of these has the quantity that they limit."""
    for said in draw.sample(material.opened, min(most, len(material.opened))):
        fitting = [name for name in classes if said.sentence.note.unit in ("", "count", *classes[name].units)]
        if fitting:
            defect = draw.choice(fitting)
            yield said.of(draw, defect, classes[defect], unit)


def _glossary(draw: Random, classes: dict[str, Called], zones: dict[str, Place]) -> dict[str, tuple[str, ...]]:
    """Names alone for most kinds, as teaching has no more."""
    told: dict[str, tuple[str, ...]] = {
        name: (called.gloss if draw.random() < EXPLAINED else name,) for name, called in classes.items()
    }
    if anomaly := classes.get(ANOMALY):
        told[ANOMALY] = (anomaly.gloss, *anomaly.one[1:])
    return told | {zone: (place.gloss, *place.words[1:3]) for zone, place in zones.items()}


def _made_up(draw: Random, material: Material) -> _Product:
    words, products = material.wordings.words, material.wordings.products
    known = {name: called for name, called in (words.own | words.others).items() if " " not in name}
    plain = draw.sample(list(known), draw.randint(1, MOST_PLAIN))
    classes = {name: _by_few_words(known[name]) for name in plain}
    named = _named(draw, products, plain)
    number = draw.randint(*CLASSES)
    kinds, strangers = named[:number], named[number : number + STRANGERS]
    classes |= {kind.name: kind.called for kind in kinds}
    if draw.random() < WITH_ANOMALY:
        classes[ANOMALY] = products.anomaly
    unit = draw.choice(products.containers)
    said = [_clause(draw, products, draw.choice(kinds), unit) for _ in range(CLAUSES)]
    return _Product(classes, {kind.name: kind.called for kind in strangers}, said, unit)


def _described(draw: Random, material: Material) -> _Product:
    """Its kinds, each under one of its names; what it does not have are states of things that nobody spoke of."""
    product, products = draw.choice(material.wordings.described), material.wordings.products
    named = {key: draw.choice(kind.names) for key, kind in product.kinds.items()} | {ANOMALY: ANOMALY}
    classes = {named[key]: _by_its_names(kind, named[key]) for key, kind in product.kinds.items()}
    classes[ANOMALY] = products.anomaly
    said = [
        one.model_copy(update={"note": one.note.model_copy(update={"defect": named[one.note.defect]})})
        if one.note.defect
        else one
        for one in product.sentences
    ]
    told = {word.rstrip("s") for one in product.sentences for word in re.findall(r"\w+", one.text.lower())}
    told |= {word for called in classes.values() for name in called.many for word in name.split()}
    strangers = [kind for kind in _named(draw, products, list(told)) if not told & set(kind.name.split())]
    return _Product(classes, {kind.name: kind.called for kind in strangers[:STRANGERS]}, said, product.unit)


def _by_its_names(kind: DescribedKind, name: str) -> Called:
    """`no cap` cannot be said in the plural, or with an article; it stands in lists alone."""
    words = tuple(said for said in kind.names if not said.startswith(("no ", "without "))) or (name,)
    return Called(units=kind.units, gloss=kind.gloss, many=words, one=words)


def _by_few_words(called: Called) -> Called:
    return called.model_copy(update={"many": called.many[:2], "one": called.one[:1], "place": ""})


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of defect, and what says it with a verb."""

    name: str
    called: Called
    clauses: Forms


def _named(draw: Random, products: Products, plain: list[str]) -> list[_Kind]:
    """Kinds with their names: a few things, several of them in the same states; none that a plain class may mean."""
    things = draw.sample([thing for thing in products.things if thing not in plain], draw.randint(3, 12))
    states = [state for state in products.states.values() if not set(state.nouns) & set(plain)]
    shared = draw.sample(states, SHARED_STATES)
    pairs = [(thing, state) for thing in things for state in shared if draw.random() < 0.5]
    pairs += [(things[0], state) for state in draw.sample([state for state in states if state.nouns], FEW_STATES)]
    pairs += [(draw.choice(things), draw.choice(states)) for _ in range(2 * CLASSES[1])]
    draw.shuffle(pairs)
    calls = {thing: _synonyms(products, thing, {*things, *plain}) for thing in things}
    named = list(
        {(thing, state.first): _thing_in_state(draw, thing, calls[thing], state) for thing, state in pairs}.values()
    )
    if draw.random() < WITH_STRAY:
        stray, at, where = draw.choice(products.strays), draw.choice(products.where_strays_lie), draw.choice(things)
        name, there = f"{stray} {at} {where}", f"{stray} {at} the {where}"
        called = Called(units=("mm", "mm2"), gloss=f"{there}, where none should be", many=(name, there), one=(name,))
        named.insert(0, _Kind(name, called, (f"there is {there}", f"{stray} sits {at} the {where}")))
    return list({kind.name: kind for kind in named}.values())


def _synonyms(products: Products, thing: str, others: set[str]) -> Forms:
    """What else the thing is called, where nothing else of the product may be called so."""
    taken = others | {said for other in others - {thing} for said in products.synonyms.get(other, ())}
    return tuple(said for said in products.synonyms.get(thing, ()) if said not in taken)


@dataclass(frozen=True, slots=True)
class _Ways:
    """How a thing in a state is said: of several, of one, with a verb."""

    many: list[str]
    one: list[str]
    clauses: list[str]


def _thing_in_state(draw: Random, thing: str, synonyms: Forms, state: State) -> _Kind:
    """By its own words as often as by others for the thing, the state or both."""
    name, own = draw.choice(state.names_of(thing)), _by_own_words(thing, state)
    others = [_by_own_words(word, state) for word in synonyms]
    others += [_by_other_words(word, state) for word in (thing, *synonyms)]
    many = _with_as_many(draw, own.many, [way for ways in others for way in ways.many])
    one = _with_as_many(draw, own.one, [way for ways in others for way in ways.one])
    clauses = _with_as_many(draw, own.clauses, [way for ways in others for way in ways.clauses])
    gloss = f"{thing} that is {state.first}" if state.adjectives else f"{state.first} of the {thing}"
    called = Called(units=state.units, gloss=gloss, many=tuple(dict.fromkeys((name, *many))), one=tuple(one))
    return _Kind(name, called, tuple(clauses))


def _with_as_many(draw: Random, own: list[str], others: list[str]) -> list[str]:
    return [*own, *draw.sample(others, min(len(own), len(others)))]


def _by_own_words(thing: str, state: State) -> _Ways:
    many, one, clauses = [], [], []
    for adjective in state.adjectives:
        several = plural(thing)
        many += [plural(f"{adjective} {thing}"), f"{several} {adjective}", f"{several} that are {adjective}"]
        one += [f"{adjective} {thing}", f"{thing} {adjective}", f"{thing} that is {adjective}"]
        clauses += [f"the {thing} is {adjective}", f"its {thing} is {adjective}"]
    for word in state.nouns:
        many.append(plural(f"{thing} {word}"))
        one.append(f"{thing} {word}")
        clauses += [f"the {thing} has {with_article(word)}", f"the {thing} shows {with_article(word)}"]
    if "missing" in state.adjectives:
        clauses += [f"there is no {thing}", f"no {thing} can be found", f"it has no {thing}"]
    return _Ways(many, one, clauses)


def _by_other_words(thing: str, state: State) -> _Ways:
    several = plural(thing)
    many = [way for said in state.said for way in (f"{several} {said}", f"{several} that are {said}")]
    one = [way for said in state.said for way in (f"{thing} {said}", f"{thing} that is {said}")]
    clauses = [way for said in state.said for way in (f"the {thing} is {said}", f"its {thing} is {said}")]
    return _Ways(many, one, clauses)


def _clause(draw: Random, products: Products, kind: _Kind, unit: str) -> Sentence:
    """A sentence that says the kind with a verb, or what its name stands for."""
    ways: tuple[Kind, ...] = ("any", "any", "any", "off", "other")
    if kind.called.units:
        ways += ("size", "size", "size")
    way, forms, severity = draw.choice(ways), products.clauses, draw.choice(SEVERITIES)
    words = {
        "c": draw.choice(kind.clauses),
        "u": unit,
        "sev": severity,
        "n": kind.name,
        "what": with_article(kind.called.gloss),
    }
    meant = {"kind": way, "defect": kind.name, "zone": "", "outside": False}
    meant |= {"unit": "", "operator": "", "limit": "", "severity": ""}
    if way == "size":
        operator, measured = draw.choice(OPERATORS), draw.choice(kind.called.units)
        limit = draw_limit(draw, measured)
        form = draw.choice(forms.size[operator])
        words["L"] = f"{figure(draw, limit)} {measured.replace('mm2', 'mm²')}"
        meant |= {"unit": measured, "operator": operator, "limit": limit, "severity": severity}
    elif way == "any":
        form, meant["severity"] = draw.choice(forms.any), severity
    elif way == "off":
        form = draw.choice(forms.off)
    else:
        form, meant["defect"] = draw.choice(forms.other), ""
    text = form.format(**words)
    return Sentence(text=text[0].upper() + text[1:], heading="", note=Meaning.model_validate(meant))


def _without(other: OtherForms, said: set[str]) -> OtherForms:
    """Without what would be a criterion of this product: `A missing leaflet is major.`"""
    plain = tuple(
        form for form in other.plain if not (SEVERITY.search(form) and said & set(re.findall(r"\w+", form.lower())))
    )
    return other.model_copy(update={"plain": plain})
