"""Take the words over: what the model read becomes the fields of the sheet's file, comments and layout kept.

Only the lines on which words and fields differ are touched, and only where the model was sure and read one rule.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML

from models.criteria import CriteriaSheet, Limit
from models.errors import ReadingInvalid, SheetInvalid
from models.note import Note
from models.reading import Reading, ReadLine, describe, differs
from models.whole_file import written_whole

_UNCHANGED = "the words cannot be taken over into the fields; the sheet was not changed."


def take_over(
    path: Path, reading: Reading, *, sure_from: float, load: Callable[[Path], CriteriaSheet] = CriteriaSheet.load
) -> list[str]:
    """Write the words' meaning into the fields of a sheet.

    Args:
        load: reads a sheet and checks whatever it must hold, its package included.

    Returns:
        One line a changed criterion: what it was and what it is now.

    Raises:
        ReadingInvalid: a line that cannot be taken over; nothing was written.
    """
    changed = [line for line in reading.lines if line.fields.kind != "off" and differs(line.words, line.fields)]
    _refuse(changed, sure_from)
    if not changed:
        return []
    limits, before = _limits(changed), load(path)
    newline = "\r\n" if b"\r\n" in path.read_bytes() else "\n"
    old = _text(path)
    yaml = _yaml_like(old)
    content = yaml.load(old)
    for line in changed:
        entry = next(entry for entry in content["criteria"] if entry["id"] == line.id)
        _write(entry, line.words, limits.get(line.id))
    with written_whole(path, newline=newline) as file:
        yaml.dump(content, file)
        file.flush()
        _check(Path(file.name), path, before, changed, load)
    return [f"{line.id}: was {describe(line.fields)}, is {describe(line.words)}" for line in changed]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ReadingInvalid(
            f"{_UNCHANGED}\n{path}: is not in UTF-8. Save it as UTF-8 and repeat, or write the fields by hand."
        ) from error


def _yaml_like(text: str) -> YAML:
    """Comments, order, quotes and the indent of lists stay as they are in a text."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    first = re.search(r"^criteria:.*\n(?:\s*#.*\n|\s*\n)*( *)- ", text, re.MULTILINE)
    offset = len(first[1]) if first else 0
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


def _check(
    fresh: Path,
    path: Path,
    before: CriteriaSheet,
    changed: Sequence[ReadLine],
    load: Callable[[Path], CriteriaSheet],
) -> None:
    """Never leave a sheet behind that cannot be read again, or in which anything else has changed."""
    try:
        after = load(fresh)
    except SheetInvalid as error:
        said = str(error).replace(str(fresh), str(path))
        raise ReadingInvalid("\n".join([_UNCHANGED, said, "Write these fields by hand."])) from error
    ids = {line.id for line in changed}
    touched = [c.id for c, old in zip(after.criteria, before.criteria, strict=True) if c != old and c.id not in ids]
    if touched:
        raise ReadingInvalid(
            f"{_UNCHANGED}\n{', '.join(touched)}: shares its fields with {', '.join(sorted(ids))} (a YAML anchor). "
            "Write both out, or change the fields by hand."
        )


def _refuse(changed: Sequence[ReadLine], sure_from: float) -> None:
    problems = []
    for line in changed:
        if line.words.kind == "other":
            problems.append(f"{line.id}: the model reads no criterion in: {line.sentence}")
        elif line.words.kind == "off":
            problems.append(
                f"{line.id}: the words would switch it off; if that is meant, write `severity: off` by hand: "
                f"{line.sentence}"
            )
        elif line.left_over:
            problems.append(f"{line.id}: {line.left_over}; write one plain rule: {line.sentence}")
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
    if limit is None:
        entry["severity"] = words.severity
        entry.pop("limit", None)
    else:
        entry["severity"] = words.tiers[0].severity
        fields = limit.model_dump() | {"value": int(limit.value) if limit.value.is_integer() else limit.value}
        old = entry.get("limit")
        if isinstance(old, dict):
            old.update(fields)
        else:
            entry["limit"] = fields
    if words.place:
        entry["zone"] = words.place
    else:
        entry.pop("zone", None)
