"""The words of criteria sheets: YAML files beside this one, split into forms that are taught and forms kept aside.

Kept forms are for an early look during training. A form's side follows from its text, so that adding forms never
moves one.
"""

import functools
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from models.example_files import ANOMALY
from models.note import Measure, Operator
from models.sentences import Sentence
from tuning.errors import TuningError

KEPT_ONE_IN = 12
DESCRIBED = "described"
TAUGHT = (
    "words",
    "comparators",
    "zones",
    "size",
    "any",
    "off",
    "count",
    "two",
    "other",
    "written",
    "products",
    DESCRIBED,
)
_T = TypeVar("_T", bound=BaseModel)
Side = Literal["taught", "kept"]
Forms = tuple[str, ...]
ByOperator = dict[Operator, Forms]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Called(_Strict):
    """What people call one defect."""

    units: tuple[Measure, ...]
    gloss: str
    many: Forms
    one: Forms
    place: str = ""  # the zone where it always is: a sentence that says it too restricts nothing


class Place(_Strict):
    gloss: str
    words: Forms


class Words(_Strict):
    own: dict[str, Called] = Field(alias="blister")  # classes of the product that is spoken of
    others: dict[str, Called]
    outsiders: Forms  # of the others, those that nobody could take for a class of the product
    zones: dict[str, Place]
    counted: Forms
    quantities: dict[Measure, Forms]
    shares: Forms
    headings: dict[Literal["critical", "major", "minor", "off", "plain"], Forms]
    everywhere: Forms

    def called(self, name: str) -> Called:
        """What people call a class, of the product or another."""
        return self.own.get(name) or self.others[name]


class Comparators(_Strict):
    over: dict[Literal["all", Measure], ByOperator]
    within: dict[Literal["all", Measure], ByOperator]


class ZonePhrases(_Strict):
    """Where a rule holds: in the flow of a sentence, before it, and in a column of a table."""

    inside: Forms
    inside_many: Forms
    outside: Forms
    inside_first: Forms
    outside_first: Forms
    inside_column: Forms
    outside_column: Forms


class SizeForms(_Strict):
    over: Forms
    over_headed: Forms
    within: Forms
    within_headed: Forms
    stated: ByOperator
    stated_headed: ByOperator


class TwoForms(_Strict):
    """Two limits of different severities in one sentence."""

    size: ByOperator
    count: ByOperator


class PlainForms(_Strict):
    plain: Forms
    headed: Forms


class CountForms(_Strict):
    plain: ByOperator
    headed: ByOperator


class OtherForms(_Strict):
    plain: Forms
    named: Forms
    tails: Forms


class Written(_Strict):
    """Whole sentences, each with its meaning, about the product's own classes."""

    sentences: tuple[Sentence, ...]


class State(_Strict):
    """What became of a thing, as an adjective, a noun or both; the quantities by which that may be limited."""

    adjectives: Forms = ()
    nouns: Forms = ()
    said: Forms = ()  # what else people say of the thing, behind it: `label not there`
    units: tuple[Measure, ...] = ()

    @property
    def first(self) -> str:
        return (*self.adjectives, *self.nouns)[0]

    def names_of(self, thing: str) -> Forms:
        """`label skewed`, `skewed label`, `label skew`, as far as English has them; the usual ones more often."""
        behind = tuple(f"{thing} {adjective}" for adjective in self.adjectives[:1])
        before = tuple(f"{adjective} {thing}" for adjective in self.adjectives[:1])
        return (*behind, *behind, *before, *(f"{thing} {noun}" for noun in self.nouns[:1] * 2))


class Clauses(_Strict):
    """Sentences about a thing in a state that say it with a verb: `If the seal is broken, the carton is critical.`"""

    any: Forms
    off: Forms
    size: ByOperator  # {u}: a unit; {L}: a limit
    other: Forms  # what the name stands for: {n}


class Products(_Strict):
    """What made-up products are made of."""

    things: Forms
    synonyms: dict[str, Forms]  # of things, where the product has no other thing of that word
    states: dict[str, State]
    strays: Forms
    where_strays_lie: Forms
    anomaly: Called
    place: Place
    containers: Forms
    clauses: Clauses

    @property
    def names(self) -> Forms:
        """Every name that a kind of a made-up product can have."""
        states = (name for thing in self.things for state in self.states.values() for name in state.names_of(thing))
        strays = (f"{stray} {at} {w}" for stray in self.strays for at in self.where_strays_lie for w in self.things)
        return (*dict.fromkeys(states), *strays, ANOMALY)


class DescribedKind(_Strict):
    """A kind of defect; any of its names may stand in the product's list."""

    names: Forms = Field(min_length=1)
    units: tuple[Measure, ...]
    gloss: str


class Described(_Strict):
    """A product that somebody thought of, with sentences about its kinds that mostly avoid their names."""

    unit: str
    kinds: dict[str, DescribedKind]
    sentences: tuple[Sentence, ...]  # whose notes name a kind by its key, or the anomaly


class _Descriptions(_Strict):
    products: tuple[Described, ...]


@dataclass(frozen=True, slots=True)
class Wordings:
    words: Words
    comparators: Comparators
    zones: ZonePhrases
    size: SizeForms
    any: PlainForms
    off: PlainForms
    count: CountForms
    two: TwoForms
    other: OtherForms
    written: tuple[Sentence, ...]
    products: Products
    described: tuple[Described, ...]


@functools.cache
def load_wordings() -> Wordings:
    """Every wording file of the package; reading them takes seconds, so it is done once."""
    return Wordings(
        words=_read("words", Words),
        comparators=_read("comparators", Comparators),
        zones=_read("zones", ZonePhrases),
        size=_read("size", SizeForms),
        any=_read("any", PlainForms),
        off=_read("off", PlainForms),
        count=_read("count", CountForms),
        two=_read("two", TwoForms),
        other=_read("other", OtherForms),
        written=_read("written", Written).sentences,
        products=_read("products", Products),
        described=_read(DESCRIBED, _Descriptions).products,
    )


def wordings_digest() -> str:
    """Names the words that are taught: a checkpoint taught on others is not resumed."""
    return hashlib.sha256("".join(map(_text, TAUGHT)).encode()).hexdigest()


def spoken_words() -> str:
    """Every word of the taught wordings and the number of lines that have it, for models/tables/spoken_words.txt.

    Without the described products: their sentences have slips of the finger, which would pass for words.
    """
    counts: Counter[str] = Counter()
    for name in (one for one in TAUGHT if one != DESCRIBED):
        for line in re.sub(r"\{\w+\}|#.*", " ", _text(name)).splitlines():
            counts.update(set(re.findall(r"(?<![\w'’])[^\W\d_]{2,}(?![\w'’])", line.lower())))
    return "".join(f"{word} {count}\n" for word, count in sorted(counts.items()))


def side_of(form: str) -> Side:
    return "kept" if zlib.crc32(form.encode()) % KEPT_ONE_IN == 0 else "taught"


def on_side(forms: Iterable[str], side: Side) -> Forms:
    """The forms of one side; all of them where a side would be left without any."""
    everything = tuple(forms)
    return tuple(form for form in everything if side_of(form) == side) or everything


def with_operators(forms: ByOperator, side: Side) -> list[tuple[str, Operator]]:
    return [(form, operator) for operator, group in forms.items() for form in on_side(group, side)]


def placeholders(form: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", form))


def _read(name: str, shape: type[_T]) -> _T:
    text = _text(name)
    try:
        return shape.model_validate(YAML(typ="safe", pure=True).load(text))
    except ValueError as error:
        raise TuningError(f"wordings/{name}.yaml: {error}. Nothing was tuned. Correct the file.") from error


def _text(name: str) -> str:
    return resources.files("tuning.mind").joinpath("wordings", f"{name}.yaml").read_text(encoding="utf-8")
