"""A figure as the cells of a table: value, bounds, what it was counted on, aim."""

from typing import NamedTuple

from models.metrics import Figure


class Cells(NamedTuple):
    value: str
    bounds: str
    counted: str
    aim: str


def cells_of(figure: Figure) -> Cells:
    """Three decimals below 10, one above; a bound that too few values were shown for is left out.

    >>> from models.metrics import quantile_figure, share
    >>> cells_of(share("eyes", "defects found", 97, 100, aim=0.97))
    Cells(value='0.970', bounds='0.915 to 0.994', counted='97 of 100', aim='>= 0.97')
    >>> cells_of(quantile_figure("time", "p99", [0.031] * 30, 0.99)).bounds
    'from 0.031'
    """
    if figure.value is None:
        return Cells("-", "", "0", "")
    digits = 1 if figure.value >= 10 else 3
    counted = f"{figure.shown:,}" if figure.hits is None else f"{figure.hits:,} of {figure.shown:,}"
    aim = "" if figure.aim is None else f"{'>=' if figure.aim_is == 'at least' else '<='} {figure.aim:g}"
    return Cells(f"{figure.value:.{digits}f}", _bounds(figure, digits), counted, aim)


def _bounds(figure: Figure, digits: int) -> str:
    low, high = (None if bound is None else f"{bound:.{digits}f}" for bound in (figure.low, figure.high))
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"to {high}" if high else ""
