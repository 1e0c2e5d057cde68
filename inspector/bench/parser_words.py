"""The word lists of `parser`: what a good colleague would think of for the embedded package in a day.

All patterns are for plain text (`parser` makes it): lower case, American spelling, singular, no hyphen, numbers as
digits ("one" excepted, it is a pronoun too), limits as `0.5 mm`. In a sentence whose class is known, `@` stands for
the words of the class and `#` for those of another one.
"""

import re

from models.note import Operator


def one_of(entries: str) -> str:
    """Comma-separated alternatives as a pattern.

    >>> one_of("over, in excess of")
    '(?:over|in excess of)'
    """
    return f"(?:{'|'.join(entry.strip() for entry in entries.split(','))})"


# ---------------------------------------------------------------- classes and zones
_T, _P = one_of("tablet, pill"), one_of("pocket, cavity, cup")
_AWAY = "(?: (?:off|away|out))?"
_GONE = one_of("missing, gone, lost, absent, broken, flaked, chipped, knocked") + _AWAY
_EDGE = one_of("edge, corner, rim")
_BROKEN = one_of("broken, fractured, snapped, halved, shattered, smashed, crushed, split (?=in |into |apart)")
_EMPTY = one_of("empty, unfilled, vacant, unoccupied")
_HOLDS = one_of("with, hold, holding, contain, containing, have, having, filled with")
_ANOTHER = one_of("another, a different, the wrong, some other, other")
_LITTLE, _LARGE = "(?:(?:small|tiny|little) )?", one_of("large, big, major, substantial, considerable, great")
_LINKS = one_of(
    "a, an, the, its, any, their, that, which, is, are, was, were, be, being, been, has, have, found, left, "
    "look, appear, of, from, in, visibly, completely, entirely, totally, partly, lie, lying, sit, sitting, "
    "stuck, placed, together"
)
LINK = f"(?:{_LINKS} )*"  # what may stand between the words of one expression
_TT = f"{LINK}(?:{_T} )?{LINK}"  # perhaps "of the tablet"
CLASSES = {
    "empty pocket": (
        f"{_EMPTY} {_P}",
        f"{_P} {LINK}{_EMPTY}",
        f"{_P} {LINK}{one_of('without, lack, lacking, miss, missing')} {LINK}(?:{_T}|product)",
        f"{_P} {LINK}(?:{_HOLDS} no|do not {_HOLDS}|does not {_HOLDS}) {LINK}(?:{_T}|product)",
        f"{one_of('missing, absent, lacking')} {_T}(?: in {LINK}{_P})?",
        f"{_T} {LINK}{one_of('missing, absent')}(?: (?:in|from) {LINK}{_P})?",
        f"no {_T} {LINK}(?:inside |within )?{LINK}{_P}",
        f"{one_of('absence, lack')} of {LINK}{_T}|{_T} {LINK}not (?:present|there)",
        f"{_P} {LINK}not (?:been )?filled|{_P} {LINK}{_HOLDS} nothing|underfill(?:ed|ing)?",
    ),
    "chip": (
        f"(?:edge )?(?:chip|nick|notch)(?:p?ed|p?ing)?(?: (?:off|{_T}|edge|corner))?",
        "flak(?:ed|ing)(?: off)?",
        f"{one_of('damaged, flaked, broken, crumbled, missing')} {LINK}(?:{_T} )?{_EDGE}",
        f"{_EDGE} {_TT}(?:damage|damaged|loss|crumbled|{_GONE})",
        f"{_LITTLE}{one_of('piece, bit, flake, sliver')} {_TT}(?:{_EDGE} )?{LINK}{_GONE}(?: {LINK}{_T})?",
    ),
    "break": (
        f"(?:{_BROKEN}|half) {LINK}{_T}",
        f"{_T} {LINK}{_BROKEN}(?: ?(?:apart|in|into))?(?: (?:2|half|halve|piece))?",
        "break(?:age)?|broken|fractured?",
        f"(?:{_LARGE} )?{one_of('part, portion, chunk, section, half')} {_TT}{_GONE}(?: {LINK}{_T})?",
        f"{_LARGE} {one_of('piece, bit')} {_TT}{_GONE}(?: {LINK}{_T})?",
    ),
    "crack": (
        f"(?:hairline )?(?:crack|fissure|split|fracture line)(?:t?ed|t?ing)?(?: {_T})?",
        "hairline(?: fracture)?",
    ),
    "spot": (
        f"(?:{one_of('black, dark, brown, gray, foreign, embedded, small, dirt, metal')} )*"
        f"{one_of('spot, speck, speckle, dot, fleck, particle, particulate, inclusion, mote, contaminant, impurity')}"
        "(?:t?ed|t?ing)?",
        f"{one_of('black, dark, pinpoint')} (?:mark|point)|pinpoint",
        f"foreign {one_of('matter, body, material, object, fiber')}",
    ),
    "stain": (
        f"{one_of('stain, smear, smudge, soil, blotch, mottle?, tarnish')}(?:ed|ing|y)?",
        f"discolor(?:ed|ation|ing)?(?: (?:area|patch|{_T}))?",
        f"color {one_of('deviation, variation, difference, change, shift, defect, fault, irregularity, aberration')}",
        "off color|yellowing",
        "deviation (?:in|of) color|(?:colored|dirty) (?:area|patch)",
        "(?:area|patch) of (?:a )?(?:another|different|deviating) color",
    ),
    "rogue product": (
        f"{one_of('rogue, wrong, foreign, different, incorrect, alien, stray, unrelated')} (?:{_T}|product)",
        "mix(?:ed)? ups?",
        f"{_T} {LINK}(?:do|does) not belong(?: (?:here|there|to {LINK}(?:this )?(?:product|pack)))?",
        f"(?:{_T} {LINK})?{_ANOTHER} {one_of('product, medicine, strength, kind, type, brand')}",
    ),
    "double fill": (
        f"doubl[ey] (?:fill(?:ed|ing)?|{_T}|load(?:ed)?)|over ?fill(?:ed|ing)?(?: {_P})?",
        f"{one_of('extra, additional, surplus, second')} {_T}(?: {LINK}(?:same |one |1 )?{_P})?",
        f"{one_of('2, more than one, more than 1, several')} {_T} {LINK}"
        f"(?:{one_of('share, sharing, inside, within, per, to')} )?{LINK}(?:{one_of('same, one, 1, single')} )*{_P}",
        f"{_P} {LINK}filled twice|twice filled {_P}|twin {_T}|2 {_T} {LINK}instead of one",
        f"{_P} {LINK}{_HOLDS} {one_of('2, more than one, more than 1, several')} {_T}",
    ),
    "fragment": (
        f"(?:loose )?(?:{_T} )?{one_of('fragment, powder, dust, crumb, debris, residue, shard, splinter, granule')}"
        "(?:ed|y)?|abrasion",
        f"loose (?:{_T} )?{one_of('piece, bit, part, material, particle, flake, chip, scrap')}(?: of {LINK}{_T})?",
        f"(?:piece|bit|particle|flake) of (?:broken )?{_T}",
    ),
}
ZONES = {
    "foil": f"(?:{one_of('blister, aluminum, lidding, lid, sealing, backing, flat')} )*"
    f"{one_of('foil, film, web, lidding, lid, aluminum')}",
    "pocket": f"(?:blister )?{_P}(?: (?:wall|floor|area))?|bubble|compartment",
    "tablet": f"{_T}(?: (?:surface|face|body|itself|edge))?",
}
WEB = re.compile(  # the foil by another name
    rf"(?:\b(?:on|in) )?(?:\bthe )?(?:\bflat )?(?:\b(?:web|foil|area|space|surface|part) )?\bbetween (?:the )?{_P}"
)
WHOLE = ("empty pocket", "break", "rogue product", "double fill")  # a tablet or its lack: in a pocket says nothing
_UNSEEN = one_of(
    "scratch, imprint, print, printed, printing, expiry, wrinkle, seal, sealed, sealing, hole, dent, label, "
    "leaflet, carton, capsule, embossing, knurling, weight, thickness, hardness, capping, lamination, "
    "delamination, perforation, scuff, odor, moisture, barcode"
)
UNSEEN = re.compile(rf"\b{_UNSEEN}\b")  # defects without a class
_EXCEPT = one_of(
    "except, excepting, excluding, exclude, exception, other than, apart from, aside from, save, elsewhere than"
)
_ALL = one_of(
    "anywhere, everywhere, somewhere, all over, place, area, surface, zone, location, part, else, side, them, all, @"
)
OUTSIDE = (
    f"(?:{_ALL} but|{_EXCEPT}|{one_of('but not, outside, off, away from, beyond, not, never, unless, neither, nor')})"
)
_WHOLE = one_of("the, a, its, whole, visible, total, surface, area, face, of")
OF_AREA = rf"% (?:(?:or|and) \w+ )?of (?:{_WHOLE} )*"  # what a share is of is no place
BESIDE = one_of("beside, next to, alongside, around")  # outside too, but where a class lies there by definition
_LOOSE = one_of(
    "for, on, in, of, the, a, an, any, its, lie, lying, located, situated, those, one, ones, it, they, is, are, "
    "be, found, within, at, to, inside, where, when, if, sit, sitting, seen, occur, occurring, appear, "
    "appearing, each, every, also, directly"
)
LOOSE = f"(?:{_LOOSE} )*"  # between one of these and the zone
_NEAR = one_of(
    "the, a, an, any, each, every, its, either, one, same, white, round, whole, visible, outer, upper, lower, "
    "finished, (?:surface|face|side|edge|area|part|region|top|back) of"
)
NEAR = f"(?:{_NEAR} )*"
ON = one_of("on, onto, upon, across, over, affecting, touching, against, covering")
IN = one_of("in, inside, within, at, into, of, from, under")
BEARING = one_of("with, bearing, having, show, showing, carry, carrying, that, which")
_MUST = one_of("must, may, shall, should, can, could, might")
MUST_NOT = re.compile(rf"\b{_MUST} not(?: be)?\b")  # forbids; says nothing of the place
UNLIKE = re.compile(
    rf"\b{one_of('not, unlike, other than, rather than, instead of, as opposed to, like')}(?: (?:a|an|the))? $"
)
AND = re.compile(r" ?(?:,|and|or|nor|, and|, or|as well as)(?: (?:a|an|any|the|every|all))? ?")

# ---------------------------------------------------------------- severity, off, prose
SEVERITY = re.compile(r"\b(critical|major|minor|crit|maj)(?:ly)?\b")
HEADING = re.compile(r"\b(critical|major|minor|crit|maj|min)(?:ly)?\b")
LONG = {"crit": "critical", "maj": "major", "min": "minor"}
_MERELY = one_of("even, just, only, merely, a, an, as, be, mere, yet")
NO_SEVERITY = re.compile(
    rf"\b{one_of('not, rather than, instead of, never, no longer')}(?: {_MERELY}){{0,2}} (?:critical|major|minor)\b"
)
_RATED = one_of("a, an, always, considered, rated, classed, classified, graded, treated, as, also, still, at least")
PREDICATE = re.compile(
    rf"(?:\b(?:is|are|be|as|count)|[:=(>,])(?: {_RATED}){{0,3}} (?:critical|major|minor)\b|"
    "^(?:critical|major|minor) ?:"
)
_CUES = one_of(
    "report, reported, inform, informed, notify, notified, operator, supervisor, inspector, qa, trained, "
    "training, sop, refer, see, calibrated, calibration, photograph, photographed, camera, defined, definition, "
    "means?, describe, described, documented, review, reviewed, signature, signed, logbook, cleaned, cleaning, "
    "remove, removed, complaint, last year, usually, often, caused, arise, occur most, come from, sample, "
    "sampled, lighting, magnification, measured, trend, trended, library, root cause, investigation, purpose, "
    "machine, supplier, customer, procedure, instruction, archived, kept, stored, shift, weekly, monthly, "
    "annually, yearly, responsible, history, statistics, discussed, meeting, introduced, recorded, explain, "
    "explained, called, known as, happen, seen when, counted by"
)
_THING = one_of("@, #, small, dark, thin, mark, area, line, piece, flat")
PROSE = re.compile(rf"\b{_CUES}\b|\bis an? {_THING}(?!\w)")
_JUDGED = one_of(
    "assess, assessed, judge, judged, evaluate, evaluated, consider, considered, inspect, inspected, check, "
    "checked, examine, examined, score, scored, rate, rated, grade, graded, count, counted, classify, "
    "classified, look at, looked at, look for, looked for, matter, (?:with)?in (?:the )?scope, part of, taken "
    r"into account, apply, applicable, monitored, lead to reject\w*, reject, rejected, (?:of "
    ")?(?:relevant|relevance|interest|concern|importance), (?:an? )?(?:defect|criterion|fault), (?:an? "
    r")?(?:reason|cause|ground) (?:for|to) reject\w*"
)
_IGNORED = one_of(
    "ignored?, ignoring, disregard(?:ed)?, skip(?:ped)?, exempt(?:ed)?, excluded?, (?:out of|outside) (?:the "
    ")?scope, waived?, (?:switch|switched|turn|turned|set to|set|is|are|:) off, disabled?, deactivated, "
    r"suspended, left out, leave (?:[\w@]+ )*out, overlook(?:ed)?, neglect(?:ed)?, omit(?:ted)?, no attention, "
    "irrelevant, harmless, (?:do not|never) (?:bother|mind|care), no need to, no role, forget, for information, "
    "nothing is done, no action, without (?:assessment|consequence|relevance|importance|regard|influence), "
    "(?:of )?no "
    "(?:concern|consequence|importance|interest|relevance|assessment|judgement|evaluation|check|defect)"
)
_NOT = one_of("not, never, no longer, non, need no, without being")
_SOFT = f"(?:{one_of('be, to, being, yet, currently, further, as, for, at all, subject to, get, anymore, any')} )*"
OFF = re.compile(rf"(?<!not )(?<!not be )(?<!never )(?<!never be )(?<!\w){_IGNORED}(?!\w)|\b{_NOT} {_SOFT}{_JUDGED}\b")
_FINE = one_of(
    "acceptable, accept, accepted, allowed, tolerated, tolerable, permitted, permissible, fine, ok, okay, pass, "
    "may stay, may remain, may be present, no limit"
)
FINE = re.compile(rf"(?<!not )(?<!not be )(?<!never )(?<!never be )\b{_FINE}\b")
NONE = re.compile(r"\b(?:no|zero|0|without)(?: \w+)? @")

# ---------------------------------------------------------------- limits
_MORE = one_of("more, larger, longer, bigger, greater, wider, broader, higher, taller, worse")
_LESS = one_of("less, smaller, fewer, shorter, narrower, lower, tinier")
BEFORE: tuple[tuple[str, Operator, bool], ...] = (  # what stands before a number; whether beyond it is bad
    (f"{_MORE} (?:than )?or equal(?: to| than)?", ">=", True),
    (f"equal (?:to )?or (?:exceed|exceeding|above|over|{_MORE})(?: than)?", ">=", True),
    (one_of("meet or exceed, reach or exceed, >=, at (?:the )?(?:very )?least"), ">=", True),
    (f"(?:not|no|never)(?: be)? (?:{_LESS} than|under|below)", ">=", True),
    (one_of("from, start(?:ing)? (?:at|from|with), begin(?:ning)? (?:at|with), as of, min(?:imum)?"), ">=", True),
    (one_of("reach(?:ing|ed)?, amount(?:ing)? to, measuring, hit"), ">=", True),
    (f"as {one_of('large, long, big, many, few, little, much, wide, small')} as", ">=", True),
    (f"{_LESS} (?:than )?or equal(?: to| than)?", ">", False),
    (
        one_of("<=, up to(?: and including)?, (?:at|at the) most, within, max(?:imum)?(?: \\.)?, limit(?:ed)?"),
        ">",
        False,
    ),
    (f"(?:not|no|never)(?: be)? (?:{_MORE} than|exceed|exceeding|over|above|beyond)", ">", False),
    (f"{_MORE} than|{one_of('exceed(?:ing|ed)?, surpass(?:ing)?, in excess of, upward of')}", ">", True),
    (one_of("over, above, beyond, past, >"), ">", True),
    (f"{_LESS} than|{one_of('below, under, beneath, short of, <')}", ">=", False),
)
_OF_SIZE = one_of(
    "a, an, the, of, in, size, length, diameter, area, total, combined, single, limit, dimension, width, is, be, to, "
    "at, :, =, its, longest, largest"
)
BETWEEN = f"(?: {_OF_SIZE})*"
_MEANWHILE = one_of(
    "@, in, of, length, size, diameter, area, long, across, wide, per, unit, pack, blister, one, a, the, on, such, "
    "them, dimension, foil, tablet, pocket"
)
SPACER = f"(?: (?:{_MEANWHILE}|,))*"
AFTER: tuple[tuple[str, Operator, bool], ...] = (
    (rf"(?:or|and) (?:{_MORE}|over|above|up|upward|beyond)(?! (?:than|\d))", ">=", True),
    (r"\+|upward|onward|on upward|(?:is|are) reached", ">=", True),
    (f"or {_LESS}|or (?:below|under)|max(?:imum)?|at (?:the )?most", ">", False),
    ("(?:is|are|be) exceeded|(?:is|be|as) the (?:limit|maximum|most)", ">", True),
)
NUMBER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)(?: (mm2|mm|%))?(?![\w.])")
SIZED = re.compile(r"\b(?:larger|longer|bigger|wider|broader|smaller|shorter) than$")
ORDINALS = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
ORDINAL = re.compile(rf"\b(?:from|a|the|any) ({'|'.join(ORDINALS)})(?: @| one| such| is| are| on| upward| onward)")

# ---------------------------------------------------------------- spelling
COUNTS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split()
SIGNS = str.maketrans("–—−‐‑’µμ²", "-----'uu2")
_REFERENCE = one_of(
    "section, chapter, table, figure, fig\\., sop, annex, clause, step, line, page, rev\\., version, no\\."
)
SPELLING = (  # in this order, on lower case
    ("≥", ">="),
    ("≤", "<="),
    (r"^(?:[-•*]|\(?[a-z]?\d{1,2}(?:\.\d+)*[.):](?=\s)|\(?[a-z]\))\s*", ""),  # numbering
    (r"^\d\.\d+(?:\.\d+)*\.?(?= (?!mm|milli|sq|%|per|or)[a-z])", ""),
    (rf"\b{_REFERENCE}\s*[a-z]*-?\d[\w.-]*", ""),
    (r"\b(?!mm2|cm2|um2)[a-z]+-?\d[\w.-]*", ""),
    (r"(\d) ?½", r"\1.5"),
    ("½|1/2", "0.5"),
    (r"(\d),(\d)", r"\1.\2"),
    (r"(?<![\d.])\.(\d)", r"0.\1"),
    (r"n't\b", " not"),
    ("cannot", "can not"),
    (r"'s?\b|'", ""),
    ("and/or", "or"),
    (r"(?<=[a-z])/(?=[a-z])", " or "),
    (r"(\d)\s*-\s*(\d)", r"\1 to \2"),
    (r"(?<=\w)-(?=\w)", " "),
    (r"\s-+\s|->", " : "),
    ("colour", "color"),
    (r"(?<=[a-z])metre", "meter"),
    ("fibre", "fiber"),
    (r"\bgrey", "gray"),
    ("aluminium", "aluminum"),
)
_MM = r"(?:an? |one )?(?=mm)"
_SIZE = r"(\d+(?:\.\d+)?)( mm2?| %)?"
UNITS = (  # in this order, on plain text
    (r"\bhalf a dozen\b", "6"),
    (r"\b(?:a )?dozen\b", "12"),
    (r"\b(\d+) point (\d+)\b", r"\1.\2"),
    (r"\bpoint (\d+)\b", r"0.\1"),
    (r"\bmillimeter\b", "mm"),
    (r"\b(?:square|sq)(?: \.)? mm\b|\bmm (?:squared?|sq\b|2\b)", "mm2"),
    (r"\b(?:percent|per cent|pct)\b", "%"),
    (r"\b(\d+) and (?:a |one )?half (?=mm|%)", r"\1.5 "),
    (r"\bone and (?:a |one )?half (?=mm|%)", "1.5 "),
    (rf"\b(?:one )?half (?:of )?{_MM}", "0.5 "),
    (rf"\b3 quarter (?:of )?{_MM}", "0.75 "),
    (rf"\b(?:a |one )?quarter (?:of )?{_MM}", "0.25 "),
    (rf"\b(\d) tenth (?:of )?{_MM}", r"0.\1 "),
    (r"\b(?:one|an?|single) (?=mm|%)", "1 "),
    (r"\b(than|exceed|exceeding|least|most|over|above|to|maximum of|maximum) one\b(?! of)", r"\1 1"),
    (r"\bone (?=(?:\w+ )?or more|\+)", "1 "),
    (r"\b\d+(?:\.\d+)? (?:mg|g|ml|min|minute|second|hour|day|week|month|year|lux|nm|dpi|x|fold|time)\b", ""),
    (rf"\b(?:between|from) {_SIZE} (?:and|to|up to) {_SIZE}", r"from \1\4 up to \3\4"),
    (rf"(?<!from )\b{_SIZE} to {_SIZE}", r"from \1\4 up to \3\4"),
)
IN_MM = {"cm": 10.0, "centimeter": 10.0, "um": 0.001, "micron": 0.001, "micrometer": 0.001}
SCALED = re.compile(rf"(\d+(?:\.\d+)?) ({'|'.join(IN_MM)})(2?)\b")
KNOWN = frozenset(  # words beside the vocabulary's that a typing error may hide
    (
        "critical major minor ignored disregard disregarded assessed judged evaluated considered inspected exceed "
        "exceeding larger longer bigger greater smaller shorter fewer least above below under beyond maximum minimum "
        "square millimeter percent anywhere everywhere except outside other empty missing broken tablet pocket cavity "
        "three seven eight discolored discoloration discolor fragment particle debris powder crumb stain stained crack "
        "cracked chipped rogue wrong foreign double overfilled extra surface lidding speck blotch fissure acceptable "
        "allowed accepted tolerated unfilled fractured ignore evaluate judge flake consider inspect"
    ).split()
)
PLAIN = frozenset(  # words of English that are one letter away from a known one
    (
        "about after again article band batch beach bill black block both bother bottle bread brick brother "
        "brown catch chain chair chop clean clear clip close closed colon could count court cover crash crate "
        "create crush dark deal even event every fail fill filled fills fine first found freak gain hand height "
        "label land large larger largest last late later latter layer lease leave light line linger longer "
        "looser lose loser loss lower main mark master might mount near never newer night older order other "
        "over pain paint park part patch pick piece pierce place plain plate point port power print produce "
        "product rack rain reach real right rouge round sand scale scan seal seen sever severe shall shape "
        "share sharp ship shop short shot should sick side since size small sort speak spell spill spilt sport "
        "stage stand state stick store strain table than their them then there these they thick thing think "
        "this those three tick time track train trouble under until wall water weight well where which while "
        "whole whose wide width will with worth would wring wrote year"
    ).split()
)
