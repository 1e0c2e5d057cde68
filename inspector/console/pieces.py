"""Pieces of HTML that the tabs share. What comes from files, sheets and records is escaped before it is in a page."""

from collections.abc import Iterable, Sequence
from functools import cache
from html import escape

from inspector.annotate import size_against_limit
from inspector.console.views import Problem
from models.errors import ModelError
from models.regulations import Regulations
from models.verdict import Finding

FINDING_HEADS = ("criterion", "clause", "size and limit", "severity")
_WORD = {"ACCEPT": "✓ ACCEPT", "REJECT": "✗ REJECT", "HOLD": "! HOLD"}


def table(title: str, heads: Sequence[str], rows: Iterable[str]) -> str:
    """A card with a table; each row is its cells, as HTML."""
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    over = f"<h3>{escape(title)}</h3>" if title else ""
    return f'<div class="card">{over}<table><tr>{head}</tr>{body}</table></div>'


def facts_row(facts: Iterable[tuple[str, str]]) -> str:
    """Names and values side by side."""
    cells = (f"<span><small>{escape(name)}</small>{escape(value)}</span>" for name, value in facts)
    return f'<div class="facts">{"".join(cells)}</div>'


def chip(word: str) -> str:
    return f'<span class="chip {escape(word.replace(" ", "-"))}">{escape(_WORD.get(word, word))}</span>'


def finding_cells(found: Finding) -> str:
    size = size_against_limit(found).replace("mm2", "mm²") or "any occurrence"
    doubt = "" if found.sure else "<br><small>within the uncertainty of size, class or score</small>"
    return (
        f"<td><b>{escape(found.criterion)}</b> {escape(found.wording)}</td><td>{clauses_of(found.clauses)}</td>"
        f'<td class="w">{escape(found.defect)}<br>{escape(size)}{doubt}</td><td>{chip(found.severity)}</td>'
    )


def clauses_of(ids: Sequence[str]) -> str:
    """Citations as they are printed, each marked while nobody has checked it against the official text."""
    return "<br>".join(_citations().get(id, escape(id)) for id in ids) or "-"


@cache
def _citations() -> dict[str, str]:
    """By clause id; the table comes with the product and is slow to read."""
    try:
        clauses = tuple(Regulations.load())
    except ModelError:
        return {}
    return {c.id: escape(c.citation) + ("" if c.verified else " <small>(check&nbsp;text)</small>") for c in clauses}


def problem(view: Problem) -> str:
    return f'<div class="bar off">○ {escape(view.text)}</div>'


def short(digest: str) -> str:
    """Enough of a digest to compare by eye.

    >>> short("sha256:0123456789abcdef")
    '0123 4567 89ab'
    """
    digits = digest.removeprefix("sha256:")[:12]
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


def spoken(reason: str) -> str:
    return reason.replace("_", " ").lower()
