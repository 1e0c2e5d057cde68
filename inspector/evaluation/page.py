"""The page of one evaluation: what was found and missed, how sure that is, and the worst mistakes to look at.

Every figure on it comes from the report; nothing is computed here that the JSON beside it does not hold. The criteria
are those of the sheet that judged, named by its digest. The page stands alone: no script, no request, pictures inside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from inspector.evaluation.cells import cells_of
from inspector.evaluation.charts import Row, reliability, shares
from models.criteria import CriteriaSheet
from models.evaluate import Report
from models.evaluate_tables import HELD, MISSED, NOTHING, UnitTables
from models.metrics import Figure

_STYLE = """
body{font:15px/1.5 sans-serif;color:#18202a;max-width:1100px;margin:24px auto;padding:0 20px}
h1{font-size:26px;margin:0}h2{font-size:20px;margin:34px 0 8px;border-bottom:1px solid #d5dbe1}
table{border-collapse:collapse;margin:8px 0}td,th{padding:3px 10px;text-align:right;border-bottom:1px solid #e6eaee}
td:first-child,th:first-child{text-align:left}.missed{color:#8c1f17;font-weight:600}.reached{color:#1f6a3c}
.note{color:#5a6572;max-width:760px}.wall{display:grid;grid-template-columns:1fr 1fr;gap:18px}
figure{margin:0}figure img{width:100%;border:1px solid #d5dbe1}figcaption{font-size:13px;color:#5a6572}
@media print{.wall{grid-template-columns:1fr}figure{break-inside:avoid}}
"""
_LEGEND = (
    '<p class="note">Magenta frame: the true place of what was missed. Outlines are regions that the eyes saw: red '
    "rejects, amber may, blue is minor, thin grey is no finding. The banner says what the rule alone makes of them, "
    "without the mind's opinion.</p>"
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One exhibit on the page."""

    caption: str
    jpeg_base64: str


def page(
    report: Report, missed: Sequence[Picture], invented: Sequence[Picture], sheet: CriteriaSheet | None = None
) -> str:
    """The whole page as HTML; `sheet` is the one that units, or the pictures alone, are judged by."""
    parts = [
        f"<h1>{escape(report.package)}</h1>",
        f'<p class="note">{escape(report.package_digest)}<br>evaluated {report.taken_at:%Y-%m-%d %H:%M} UTC in '
        f"{report.took_s:,.0f} s; {escape('; '.join(f'{k}: {v}' for k, v in report.machine.items()))}<br>"
        f"{escape('; '.join(f'{k}: {v}' for k, v in report.challenge.items()))}</p>",
    ]
    if aims := [f for f in report.figures if f.aim is not None]:
        parts.append(_figures("Aims", aims))
    if report.tables is not None:
        judged_by = _sheet(sheet) if sheet is not None else ""
        parts += [_pictures(report), _remarks(report), _units(report), judged_by, _eyes(report, report.tables)]
        parts += [
            _wall("Worst misses", missed, "No picture of a missed defect was kept in this run."),
            _wall("Worst findings on nothing", invented, "No picture of a finding on nothing was kept in this run."),
            _LEGEND if missed or invented else "",
        ]
    language = [
        f for f in report.figures if f.topic in ("reading", "judging", "flips", "invariance") and ":" not in f.of
    ]
    if language:
        parts.append(_figures("Language: reading, judging, flips and invariance", language))
        parts.append(_wrong_readings(report))
    parts.append(_figures("Every figure", report.figures))
    title = escape(f"Evaluation of {report.package}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _pictures(report: Report) -> str:
    """Whole pictures that a teaching held out."""
    own = [f for f in report.figures if f.topic == "pictures"]
    if not own:
        return ""
    return (
        _figures("Whole pictures, held out", own)
        + '<p class="note">Each picture was looked at by a network that was taught on the other half of them. '
        "Thresholds and sizes were set on these same pictures, so the shares are a little too good. The network that "
        "ships was taught on more, and its thresholds follow from these: evaluate the package on further pictures.</p>"
    )


def _remarks(report: Report) -> str:
    remarks = "".join(f"<li>{escape(remark)}</li>" for remark in report.remarks)
    return f"<h2>Look at these again</h2><ul>{remarks}</ul>" if remarks else ""


def _units(report: Report) -> str:
    """Escapes, false rejects and holds."""
    own = [f for f in report.figures if f.topic == "units" and ":" not in f.of]
    return _figures("Whole units under a sheet", own) if own else ""


def _sheet(sheet: CriteriaSheet) -> str:
    """The criteria that every unit is judged by."""
    rows = "".join(
        f"<tr><td>{escape(one.id)}</td><td>{escape(one.defect)}</td><td>{escape(one.sentence)}</td>"
        f"<td>{escape(f'{one.limit.operator} {one.limit.text()}') if one.limit else 'any'}</td>"
        f"<td>{escape(one.zone or 'everywhere')}</td><td>{one.severity}</td></tr>"
        for one in sheet.criteria
    )
    return (
        f'<h2>The sheet</h2><p class="note">{escape(sheet.id)}, version {sheet.version}, {sheet.digest}; '
        f"{' and '.join(sheet.rejects)} reject</p><table><tr><th>criterion</th><th>defect</th><th>wording</th>"
        "<th>limit</th><th>zone</th>"
        f"<th>severity</th></tr>{rows}</table>"
    )


def _eyes(report: Report, tables: UnitTables) -> str:
    eyes = [f for f in report.figures if f.topic == "eyes"]
    found = [f for f in eyes if f.name == "defects found" and f.of]
    classes = [f for f in found if " " not in f.of or f.of in {c.true for c in tables.confusion}]
    sizes = [f for f in found if "px" in f.of.split(",")[-1] and "," in f.of]
    groups = [f for f in found if f not in classes and f not in sizes]
    return "".join(
        [
            "<h2>Detection by defect</h2>",
            '<p class="note">Share of the specified defects that became a finding, with exact 95 % bounds; hollow '
            "where it is below the aim.</p>",
            shares([Row(f.of, f) for f in classes], aim=_aim(eyes, "defects found")),
            "<h2>Detection by size</h2>",
            shares([Row(f.of, f) for f in sizes]),
            _smallest(tables),
            "<h2>Confusion</h2>",
            '<p class="note">Rows: what is there. Columns: what it was called. Held: a region too unsure to be a '
            "finding, sure enough to hold the unit.</p>",
            _confusion(tables),
            "<h2>What a score is worth</h2>",
            '<p class="note">A region of score 0.8 should lie on a defect 8 times in 10.</p>',
            reliability(tables.scores),
            "<h2>Subgroups</h2>",
            shares([Row(f.of, f) for f in groups]),
        ]
    )


def _smallest(tables: UnitTables) -> str:
    rows = [
        f"<tr><td>{escape(one.defect)}</td>"
        + (
            f"<td>not proven by {one.shown:,} cases</td><td></td><td>{one.missed} of {one.shown:,}</td></tr>"
            if one.length_px is None
            else f"<td>{one.length_px:.1f} px</td><td>{'' if one.length_mm is None else f'{one.length_mm:.2f} mm'}</td>"
            f"<td>{one.missed} of {one.shown:,}</td></tr>"
        )
        for one in tables.smallest
    ]
    return (
        '<h2>Smallest size detected</h2><p class="note">From this length on at least 90 in 100 are found, at 95 % '
        "confidence (a90/95, by counting: first the 29 longest, then one length more at a time, up to the first that "
        "fails). The px are what the eyes see; mm stand where all of these pictures have one scale, and hold at that."
        "</p><table><tr><th>defect</th><th>from</th><th></th><th>missed of those shown</th></tr>"
        + "".join(rows)
        + "</table>"
    )


def _confusion(tables: UnitTables) -> str:
    true = sorted({c.true for c in tables.confusion}, key=lambda name: (name == NOTHING, name))
    called = sorted({c.called for c in tables.confusion}, key=lambda name: (name in (MISSED, HELD), name))
    counts = {(c.true, c.called): c.count for c in tables.confusion}
    head = "".join(f"<th>{escape(name)}</th>" for name in called)
    rows = []
    for name in true:
        total = sum(counts.get((name, other), 0) for other in called)
        cells = "".join(_cell(counts.get((name, other), 0), total, right=name == other) for other in called)
        rows.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    return f"<table><tr><th></th>{head}</tr>{''.join(rows)}</table>"


def _cell(count: int, total: int, *, right: bool) -> str:
    if not count:
        return "<td></td>"
    depth = 0.12 + 0.5 * count / total
    colour = f"rgba(31,106,60,{depth:.2f})" if right else f"rgba(190,42,34,{depth:.2f})"
    return f'<td style="background:{colour}">{count:,}</td>'


def _wall(title: str, pictures: Sequence[Picture], none: str) -> str:
    if not pictures:
        return f'<h2>{title}</h2><p class="note">{none}</p>'
    shown = "".join(
        f'<figure><img alt="{escape(p.caption)}" src="data:image/jpeg;base64,{p.jpeg_base64}">'
        f"<figcaption>{escape(p.caption)}</figcaption></figure>"
        for p in pictures
    )
    return f'<h2>{title}</h2><div class="wall">{shown}</div>'


def _wrong_readings(report: Report) -> str:
    if not report.wrong_readings:
        return '<p class="note">Every sentence was read as it is meant.</p>'
    rows = "".join(
        f"<tr><td>{escape(f'[{one.heading}] ' if one.heading else '')}{escape(one.sentence)}</td>"
        f"<td>{escape(one.meant)}</td><td>{escape(one.read)}</td><td>{one.score:.2f}</td></tr>"
        for one in report.wrong_readings
    )
    return (
        f"<details><summary>{len(report.wrong_readings)} sentences read otherwise than they are meant</summary>"
        f"<table><tr><th>sentence</th><th>means</th><th>read</th><th>score</th></tr>{rows}</table></details>"
    )


def _figures(title: str, figures: Sequence[Figure]) -> str:
    rows = "".join(_row(figure) for figure in figures)
    return (
        f"<h2>{title}</h2><table><tr><th>figure</th><th>of</th><th>value</th><th>95 % bounds</th><th>counted</th>"
        f"<th>aim</th></tr>{rows}</table>"
    )


def _row(figure: Figure) -> str:
    cells = cells_of(figure)
    style, aim = "", escape(cells.aim)
    if figure.reached is not None:
        word = "reached" if figure.reached else "missed"
        style, aim = f' class="{word}"', f"{aim}, {word}"
    return (
        f"<tr><td>{escape(figure.name)}</td><td>{escape(figure.of)}</td><td{style}>{cells.value}</td>"
        f"<td>{cells.bounds}</td><td>{cells.counted}</td><td{style}>{aim}</td></tr>"
    )


def _aim(figures: Sequence[Figure], name: str) -> float | None:
    return next((f.aim for f in figures if f.name == name and f.aim is not None), None)
