"""The report of an evaluation in a folder: report.html, figures.json and the worst mistakes as annotated PNG."""

import base64
import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.annotate import annotate
from inspector.errors import LineError
from inspector.evaluation.page import Picture, page
from models.criteria import CriteriaSheet
from models.evaluate import Report
from models.exhibits import Exhibit, Gallery
from models.observation import Observation
from models.verdict import Disposition, OperatingPoint, Verdict, decide

PAGE, FIGURES, PICTURES = "report.html", "figures.json", "pictures"
VIEW = "challenge"
_TRUTH = (200, 0, 200)  # a colour that no verdict has
_QUALITY = 85
_CLEAR_PX = 5


def write_report(
    folder: Path,
    report: Report,
    gallery: Gallery,
    sheet: CriteriaSheet | None,
    at: OperatingPoint,
    *,
    scaled: bool = True,
) -> Path:
    """Write everything; what is there under the same names is replaced.

    Args:
        sheet: that the units are judged by and the pictures show the verdict of; None where only the eyes were
            evaluated.
        scaled: False where nobody knows how large a pixel is: sizes are then stated in px alone.

    Returns:
        The page.

    Raises:
        LineError: the folder cannot be written.
    """
    try:
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
        for old in (folder / PICTURES).glob("*.png"):
            if re.fullmatch(r"(missed|invented)-\d+\.png", old.name):  # of an earlier evaluation
                old.unlink()
        missed = _pictures(folder, gallery.worst("missed"), sheet, at, scaled=scaled)
        invented = _pictures(folder, gallery.worst("invented"), sheet, at, scaled=scaled)
        report.save(folder / FIGURES)
        (folder / PAGE).write_text(page(report, missed, invented, sheet), encoding="utf-8")
    except OSError as error:
        raise LineError(
            f"{folder}: the report cannot be written: {error.strerror or error}. Name a folder on a disk with room."
        ) from error
    return folder / PAGE


def _pictures(
    folder: Path, exhibits: Sequence[Exhibit], sheet: CriteriaSheet | None, at: OperatingPoint, *, scaled: bool
) -> list[Picture]:
    pictures = []
    for number, exhibit in enumerate(exhibits, start=1):
        drawn = _drawn(exhibit, sheet, at, scaled=scaled)
        name = folder / PICTURES / f"{exhibit.kind}-{number:02d}.png"
        _, png = cv2.imencode(".png", drawn[..., ::-1])
        name.write_bytes(png.tobytes())
        _, jpeg = cv2.imencode(".jpg", drawn[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        pictures.append(Picture(caption(exhibit, scaled=scaled), base64.b64encode(jpeg.tobytes()).decode()))
    return pictures


def caption(exhibit: Exhibit, *, scaled: bool = True) -> str:
    """What the picture shows, in a line."""
    score = f"{exhibit.region.score:.2f}" if exhibit.region else "none"
    if exhibit.defect is None:
        assert exhibit.region is not None
        return f"{exhibit.unit.name}: {exhibit.region.defect} found on nothing, score {score}"
    size = f"{exhibit.defect.length_px:.1f} px"
    if scaled:
        size = f"{exhibit.defect.sizes['mm']:.2f} mm or {size}"
    size = "" if exhibit.defect.whole else f", {size}"
    return f"{exhibit.unit.name}: {exhibit.defect.defect} on {exhibit.defect.zone}{size}, best score there: {score}"


def _drawn(exhibit: Exhibit, sheet: CriteriaSheet | None, at: OperatingPoint, *, scaled: bool) -> NDArray[np.uint8]:
    """The unit annotated under the sheet by the rule alone, without the mind's opinion, and with the truth framed."""
    pixels = exhibit.unit.pixels.copy()
    if exhibit.defect is not None:
        x0, y0, x1, y1 = exhibit.defect.box_px
        corners = (x0 - _CLEAR_PX, y0 - _CLEAR_PX), (x1 + _CLEAR_PX, y1 + _CLEAR_PX)
        cv2.rectangle(pixels, *corners, _TRUTH, 2)
    seen = exhibit.seen.look.observations
    verdict = _verdict(seen, sheet, at)
    return annotate(pixels, verdict, seen, unit=None, mm_per_px=exhibit.unit.mm_per_px if scaled else None)


def _verdict(seen: Sequence[Observation], sheet: CriteriaSheet | None, at: OperatingPoint) -> Verdict:
    if sheet is None:
        return Verdict(disposition=Disposition.HOLD, text="the eyes alone; no sheet was given")
    notes = [(criterion.id, criterion.note) for criterion in sheet.criteria]
    return decide(seen, view=VIEW, sheet=sheet, notes=notes, judgements=(), at=at)
