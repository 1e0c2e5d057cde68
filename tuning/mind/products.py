"""Products as sites teach them: kinds of defect under names of their own that share words, in one place, unexplained.

A taught package's mind is the embedded one. It knows no more of `seal broken`, `seal misplaced` and `seal missing` than
these words, and where its product has a single place, to name that place restricts nothing.
"""

from dataclasses import replace
from random import Random

from models.example_files import ANOMALY
from tuning.mind.material import Material
from tuning.mind.speak import plural
from tuning.mind.wording import Called, Place, Products, State

CLASSES = (4, 15)  # how many kinds of a product are a thing in a state
STRANGERS = 12  # kinds that it does not have, though a word of theirs may be one of its words
SHARED_STATES = 3  # states that several things of a product can be in
ONE_PLACE, WITH_ANOMALY, WITH_STRAY = 0.75, 0.8, 0.4  # shares of products
MOST_PLAIN = 7  # kinds with a name of a single word, as any product may have them
EXPLAINED = 0.2  # share of kinds that somebody wrote a line about


def draw_product(draw: Random, material: Material) -> Material:
    """The same wordings, over the classes and zones of one made-up product."""
    words, products = material.wordings.words, material.wordings.products
    known = {name: called for name, called in (words.blister | words.others).items() if " " not in name}
    plain = draw.sample(list(known), draw.randint(1, MOST_PLAIN))
    classes = {name: _by_few_words(known[name]) for name in plain}
    named = _named(draw, products, plain)
    kinds = draw.randint(*CLASSES)
    classes |= dict(named[:kinds])
    strangers = dict(named[kinds : kinds + STRANGERS])
    if draw.random() < WITH_ANOMALY:
        classes[ANOMALY] = products.anomaly
    zones = {zone: words.zones[zone] for zone in draw.sample(list(words.zones), draw.randint(2, 4))}
    if draw.random() < ONE_PLACE:
        place = products.place
        zones = {"product": Place(gloss=place.gloss, words=(*place.words, draw.choice(products.containers)))}
        classes = {name: called.model_copy(update={"place": "product"}) for name, called in classes.items()}
    spoken = words.model_copy(
        update={
            "blister": {name: classes[name] for name in draw.sample(list(classes), len(classes))},
            "others": strangers,
            "outsiders": tuple(strangers),
            "zones": zones,
        }
    )
    wordings = replace(material.wordings, words=spoken, written=())
    return replace(material, wordings=wordings, glossary=_glossary(draw, classes, zones), zones=tuple(zones))


def _glossary(draw: Random, classes: dict[str, Called], zones: dict[str, Place]) -> dict[str, tuple[str, ...]]:
    """Names alone for most kinds, as teaching has no more."""
    told: dict[str, tuple[str, ...]] = {
        name: (called.gloss if draw.random() < EXPLAINED else name,) for name, called in classes.items()
    }
    if anomaly := classes.get(ANOMALY):
        told[ANOMALY] = (anomaly.gloss, *anomaly.one[1:])
    return told | {zone: (place.gloss, *place.words[1:3]) for zone, place in zones.items()}


def _by_few_words(called: Called) -> Called:
    return called.model_copy(update={"many": called.many[:2], "one": called.one[:1], "place": ""})


def _named(draw: Random, products: Products, plain: list[str]) -> list[tuple[str, Called]]:
    """Kinds with their names: a few things, several of them in the same states; none that a plain class may mean."""
    things = draw.sample([thing for thing in products.things if thing not in plain], draw.randint(3, 12))
    states = [state for state in products.states.values() if not set(state.nouns) & set(plain)]
    shared = draw.sample(states, SHARED_STATES)
    pairs = [(thing, state) for thing in things for state in shared if draw.random() < 0.5]
    pairs += [(draw.choice(things), draw.choice(states)) for _ in range(2 * CLASSES[1])]
    draw.shuffle(pairs)
    told = {(thing, state.first): _thing_in_state(draw, thing, state) for thing, state in pairs}
    named = list(dict(told.values()).items())
    if draw.random() < WITH_STRAY:
        stray, at, where = draw.choice(products.strays), draw.choice(products.where_strays_lie), draw.choice(things)
        name, there = f"{stray} {at} {where}", f"{stray} {at} the {where}"
        called = Called(units=("mm", "mm2"), gloss=f"{there}, where none should be", many=(name, there), one=(name,))
        named.insert(0, (name, called))
    return named


def _thing_in_state(draw: Random, thing: str, state: State) -> tuple[str, Called]:
    many, one = [], []
    for adjective in state.adjectives:
        many += [plural(f"{adjective} {thing}"), f"{plural(thing)} {adjective}"]
        one += [f"{adjective} {thing}", f"{thing} {adjective}"]
    for word in state.nouns:
        many.append(plural(f"{thing} {word}"))
        one.append(f"{thing} {word}")
    name = draw.choice(state.names_of(thing))
    gloss = f"{thing} that is {state.first}" if state.adjectives else f"{state.first} of the {thing}"
    called = Called(units=state.units, gloss=gloss, many=tuple(dict.fromkeys((name, *many))), one=tuple(one))
    return name, called
