"""An evaluation as a page that a quality engineer can read: figures, charts, and the worst mistakes as pictures."""

from inspector.evaluation.write import write_report

__all__ = ["write_report"]
