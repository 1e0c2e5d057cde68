"""The sheet tab: each criterion beside what its words mean to the model, and who approved that."""

from datetime import UTC, datetime
from html import escape
from pathlib import Path

from inspector.console.pieces import chip, clauses_of, facts_row, problem, short, table
from inspector.console.views import Problem, SheetRow, SheetView, last_sure_from, live, sheet
from models.note import Note
from models.reading import describe

_HEADS = ("criterion", "what the sheet says", "its fields", "what the words mean to the model", "score", "double entry")
_SIGN = {"agrees": "✓", "differs": "✗", "not plain": "✗", "unsure": "?", "off": "○", "not read": "…"}


def tab(store: Path, path: Path | None) -> None:
    """Lay out the tab; it is read anew at every visit and on the button."""
    import gradio as gr

    again = gr.Button("Look again", size="sm", scale=0)
    shown = gr.HTML(lambda: _page(store, path), elem_classes="i")
    again.click(lambda: _page(store, path), outputs=shown, show_progress="hidden")


def _page(store: Path, path: Path | None) -> str:
    """The sheet that the console was started with, else that of the line."""
    status = live(store / "live", now=datetime.now(UTC)).status
    named = path or (Path(status.sheet_path) if status else None)
    return sheet_page(sheet(named, sure_from=status.sure_from if status else last_sure_from(store)))


def sheet_page(view: SheetView | Problem) -> str:
    """The sheet beside the model's reading of it."""
    if isinstance(view, Problem):
        return problem(view)
    written, reading = view.sheet, view.reading
    good = "✓ Words and fields agree, the reading is approved: a line may judge by this sheet."
    bar = f'<div class="bar {"ok" if view.usable else "no"}">{escape(good if view.usable else "✗ " + view.text)}</div>'
    approval = reading.approval if reading else None
    said = f"{approval.by}, {approval.at:%Y-%m-%d %H:%M} UTC: {approval.reason}" if approval else "nobody"
    facts = [
        ("sheet", f"{written.title} ({written.id})"),
        ("product", written.product),
        ("version", str(written.version)),
        ("rejecting severities", ", ".join(written.rejects)),
        ("reading approved by", said),
        ("digest of the sheet", short(written.digest)),
        ("of the reading", short(reading.digest) if reading else "-"),
        ("of the package that read it", short(reading.package_digest) if reading else "-"),
        ("file", view.path.name),
    ]
    return f'{bar}<div class="card">{facts_row(facts)}</div>{table("", _HEADS, map(_sheet_row, view.rows))}'


def _sheet_row(row: SheetRow) -> str:
    c, line = row.criterion, row.line
    words = escape(_said(line.words)) if line else "-"
    score = f"{line.score:.2f}" if line else "-"
    agreement = f'<span class="chip {row.agreement.replace(" ", "-")}">{_SIGN[row.agreement]} {row.agreement}</span>'
    read_as = f"<br><small>read as: {escape(line.read_as)}</small>" if line and line.read_as else ""
    why = f"<br><small>{escape(row.why)}</small>" if row.why else ""
    return (
        f"<td><b>{escape(c.id)}</b><br>{chip(c.severity)}</td>"
        f"<td>{escape(c.sentence)}{read_as}<br><small>{clauses_of(c.clauses)}</small></td><td>{escape(_said(c.note))}</td>"
        f'<td>{words}</td><td class="n">{score}</td><td>{agreement}{why}</td>'
    )


def _said(note: Note) -> str:
    return describe(note).replace("mm2", "mm²")
