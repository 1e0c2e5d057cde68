"""Take the words over: what the model read becomes the fields of the sheet's file, comments and layout kept.

Only the lines on which words and fields differ are touched, and only where the model was sure and read one rule.
"""

import io
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML

from models.criteria import CriteriaSheet, Limit
from models.errors import ReadingInvalid, SheetInvalid
from models.note import Note
from models.reading import Reading, ReadLine, describe, differs

_UNCHANGED = "the words cannot be taken over into the fields; the sheet was not changed."


def take_over(path: Path, reading: Reading, *, sure_from: float) -> list[str]:
    """Write the words' meaning into the fields of a sheet.

    Returns:
        One line a changed criterion: what it was and what it is now.

    Raises:
        ReadingInvalid: a line that cannot be taken over; nothing was written.
    """
    changed = [line for line in reading.lines if line.fields.kind != "off" and differs(line.words, line.fields)]
    _refuse(changed, sure_from)
    if not changed:
        return []
    limits = _limits(changed)
    yaml = YAML()  # keeps comments, order and quotes
    yaml.preserve_quotes = True
    yaml.width = 4096
    content = yaml.load(path)
    for line in changed:
        entry = next(entry for entry in content["criteria"] if entry["id"] == line.id)
        _write(entry, line.words, limits.get(line.id))
    text = io.StringIO()
    yaml.dump(content, text)
    fresh = path.with_suffix(".tmp")
    fresh.write_text(text.getvalue(), encoding="utf-8")
    try:
        CriteriaSheet.load(fresh)  # never leave a sheet behind that cannot be read again
    except SheetInvalid as error:
        fresh.unlink()
        raise ReadingInvalid(
            "\n".join([_UNCHANGED, str(error).replace(str(fresh), str(path)), "Write these fields by hand."])
        ) from error
    fresh.replace(path)
    return [f"{line.id}: was {describe(line.fields)}, is {describe(line.words)}" for line in changed]


def _refuse(changed: Sequence[ReadLine], sure_from: float) -> None:
    problems = []
    for line in changed:
        if line.words.kind == "other":
            problems.append(f"{line.id}: the model reads no criterion in: {line.sentence}")
        elif line.score < sure_from:
            problems.append(
                f"{line.id}: the model is unsure (score {line.score:.2f}, needed {sure_from:.2f}): {line.sentence}"
            )
        elif len(line.words.tiers) > 1:
            problems.append(f"{line.id}: the sentence has two limits; write two criteria: {line.sentence}")
    if problems:
        raise ReadingInvalid("\n".join([_UNCHANGED, *problems]))


def _limits(changed: Sequence[ReadLine]) -> dict[str, Limit]:
    """The limits as the sheet writes them; half a count, for example, is refused."""
    limits = {}
    for line in changed:
        for tier in line.words.tiers:
            try:
                limits[line.id] = Limit(unit=line.words.unit or "mm", operator=tier.operator, value=tier.limit)
            except ValidationError as error:
                said = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
                raise ReadingInvalid(f"{_UNCHANGED}\n{line.id}: limit: {said}: {line.sentence}") from error
    return limits


def _write(entry: dict[str, object], words: Note, limit: Limit | None) -> None:
    entry["defect"] = words.defect
    if words.kind == "off":
        entry["severity"] = "off"
    elif limit is None:
        entry["severity"] = words.severity
        entry.pop("limit", None)
    else:
        entry["severity"] = words.tiers[0].severity
        old = entry.get("limit")
        if isinstance(old, dict):
            old.update(limit.model_dump())
        else:
            entry["limit"] = limit.model_dump()
    zone = f"{'not ' if words.outside else ''}{words.zone}"
    if zone:
        entry["zone"] = zone
    else:
        entry.pop("zone", None)
