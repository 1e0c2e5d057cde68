"""A figure as the cells of a table: value, bounds, what it was counted on, aim."""

from typing import NamedTuple

from models.metrics import Figure


class Cells(NamedTuple):
    value: str
    bounds: str
    counted: str
    aim: str


def cells_of(figure: Figure) -> Cells:
    """Three decimals below 10, one above.

    >>> from models.metrics import share
    >>> cells_of(share("eyes", "defects found", 97, 100, aim=0.97))
    Cells(value='0.970', bounds='0.915 to 0.994', counted='97 of 100', aim='>= 0.97')
    """
    if figure.value is None:
        return Cells("-", "", "0", "")
    digits = 1 if figure.value >= 10 else 3
    bounds = "" if figure.low is None or figure.high is None else f"{figure.low:.{digits}f} to {figure.high:.{digits}f}"
    counted = f"{figure.shown:,}" if figure.hits is None else f"{figure.hits:,} of {figure.shown:,}"
    aim = "" if figure.aim is None else f"{'>=' if figure.aim_is == 'at least' else '<='} {figure.aim:g}"
    return Cells(f"{figure.value:.{digits}f}", bounds, counted, aim)
