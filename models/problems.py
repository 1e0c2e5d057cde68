"""What pydantic found wrong with a file, in a person's words."""

import re
from collections.abc import Iterable, Iterator

from pydantic import ValidationError


def problems_of(where: object, error: ValidationError, content: object = None) -> str:
    """What pydantic found, one problem a line, `file: field: problem`, without its links.

    Args:
        where: the file, or the file and its line.
        content: what was checked: an entry of a list then goes by its id instead of its number.
    """
    lines, found = [], error.errors(include_url=False)
    for problem in found:
        within = [one for one in found if one is not problem and one["loc"][: len(problem["loc"])] == problem["loc"]]
        if problem["type"] == "too_short" and within:
            continue  # a list is called empty because its entries were refused, which is said already
        field = ".".join(_called(problem["loc"], content))
        said = ": ".join(filter(None, (str(where), field, problem["msg"].removeprefix("Value error, "))))
        unshown = problem["type"] in ("extra_forbidden", "missing", "json_invalid")
        shown = isinstance(problem.get("input"), str | int | float) and not unshown
        lines.append(f"{said} (it says {problem['input']!r})" if shown else said)
    return "\n".join(lines)


def _called(place: Iterable[int | str], content: object) -> Iterator[str]:
    """The steps to a field as a person finds them."""
    for step in place:
        try:
            content = content[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            content = None
        id = content.get("id") if isinstance(step, int) and isinstance(content, dict) else None
        yield id if isinstance(id, str) and re.fullmatch(r"[\w.-]+", id) else str(step)
