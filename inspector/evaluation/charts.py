"""Charts of an evaluation as SVG: shares with their exact bounds, and what a score is worth.

Drawn as text so that a page needs no library and prints sharply. Colour never speaks alone: a point below its aim is
hollow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from models.evaluate_tables import ScoreBin
from models.metrics import Figure, share_bounds

_LABEL, _PLOT, _COUNT, _ROW = 270, 420, 110, 22  # px
_INK, _GRID, _BAR = "#18202a", "#d5dbe1", "#2c548c"
_FONT = 'font-family="sans-serif" font-size="13"'


@dataclass(frozen=True, slots=True)
class Row:
    """One share with its bounds."""

    label: str
    figure: Figure


def shares(rows: Sequence[Row], *, aim: float | None = None) -> str:
    """One line a share, 0 to 1 from left to right: a point, its 95 % bounds, how many it was counted on.

    Args:
        rows: in the order they are drawn; those that nothing was shown of are left out.
        aim: a vertical line.
    """
    shown = [row for row in rows if row.figure.value is not None]
    height = _ROW * len(shown) + 34
    parts = [_grid(height)]
    if aim is not None:
        x = _at(aim)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{height - 26}" stroke="{_INK}" stroke-dasharray="4 3"/>'
        )
    for index, row in enumerate(shown):
        parts.append(_share(row, 16 + _ROW * index, aim))
    return _svg(_LABEL + _PLOT + _COUNT, height, parts)


def reliability(bins: Sequence[ScoreBin]) -> str:
    """How often a region of a score lies on a defect, against the score; on the diagonal a score means what it says."""
    side = 300
    parts = [
        f'<rect x="40" y="10" width="{side}" height="{side}" fill="none" stroke="{_GRID}"/>',
        f'<line x1="40" y1="{10 + side}" x2="{40 + side}" y2="10" stroke="{_GRID}"/>',
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = 40 + side * tick, 10 + side * (1 - tick)
        parts.append(f'<text x="{x:.0f}" y="{side + 28}" text-anchor="middle" {_FONT}>{tick:g}</text>')
        parts.append(f'<text x="34" y="{y + 4:.0f}" text-anchor="end" {_FONT}>{tick:g}</text>')
    for bin in bins:
        x = 40 + side * bin.mean
        bounds = share_bounds(hits=bin.real, shown=bin.count)
        low, high = (10 + side * (1 - value) for value in bounds)
        y = 10 + side * (1 - bin.real / bin.count)
        title = f"score {bin.low:g} to {bin.high:g}: {bin.real} of {bin.count} regions on a defect"
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="{_BAR}"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{_BAR}"><title>{title}</title></circle>')
    parts.append(f'<text x="{40 + side / 2:.0f}" y="{side + 48}" text-anchor="middle" {_FONT}>score of a region</text>')
    return _svg(side + 60, side + 56, parts)


def _share(row: Row, y: int, aim: float | None) -> str:
    figure = row.figure
    assert figure.value is not None
    low, high = figure.low or 0.0, 1.0 if figure.high is None else figure.high
    counted = f"{figure.hits:,} of {figure.shown:,}" if figure.hits is not None else f"{figure.shown:,}"
    reached = aim is None or figure.value >= aim
    x = _at(figure.value)
    return (
        f'<text x="{_LABEL - 10}" y="{y + 4}" text-anchor="end" {_FONT}>{escape(row.label)}</text>'
        f'<line x1="{_at(low):.1f}" x2="{_at(high):.1f}" y1="{y}" y2="{y}" stroke="{_BAR}" stroke-width="3"/>'
        f'<circle cx="{x:.1f}" cy="{y}" r="5" fill="{_BAR if reached else "#fff"}" stroke="{_BAR}" stroke-width="2">'
        f"<title>{escape(row.label)}: {figure.value:.3f} ({low:.3f} to {high:.3f})</title></circle>"
        f'<text x="{_LABEL + _PLOT + 12}" y="{y + 4}" {_FONT} fill="#5a6572">{counted}</text>'
    )


def _grid(height: int) -> str:
    lines = []
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        x = _at(tick)
        lines.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{height - 26}" stroke="{_GRID}"/>')
        lines.append(f'<text x="{x:.1f}" y="{height - 10}" text-anchor="middle" {_FONT}>{tick:g}</text>')
    return "".join(lines)


def _at(share: float) -> float:
    return _LABEL + _PLOT * min(max(share, 0.0), 1.0)


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )
