"""What becomes of sentences that one rule cannot hold, and what it costs: plain ones that are stopped as well."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from models.errors import ExampleInvalid
from models.metrics import Figure, share
from models.mind import Mind
from models.package import ModelPackage
from models.plain_sense import left_over
from models.problems import problems_of
from models.prompt import CriterionText, read_text, spelling_under
from models.reading import parted

Progress = Callable[[str, int, int], None]


class OddSentences(BaseModel):
    """Sentences that must be stopped before a batch, and sentences that must not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    odd: tuple[str, ...] = Field(min_length=1)
    plain: tuple[str, ...] = Field(min_length=1)

    @staticmethod
    def load(path: Path) -> "OddSentences":
        """Raises ExampleInvalid where the file is no such list."""
        try:
            return OddSentences.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
        except ValidationError as error:
            raise ExampleInvalid(
                f"{problems_of(path, error)}\nNothing was read. Give two lists, odd and plain."
            ) from error
        except (OSError, UnicodeDecodeError, YAMLError) as error:
            raise ExampleInvalid(f"{path}: cannot be read: {error}. Nothing was read.") from error


@dataclass(frozen=True, slots=True)
class Stopped:
    """How one list came out, and the sentences that came out as they should not."""

    figures: list[Figure]
    wrong: list[str]


def bench_odd(package: ModelPackage, sentences: OddSentences, *, threads: int, progress: Progress) -> Stopped:
    """Read every sentence and count what stops it: no criterion, unsure, or something left over."""
    mind, facts = Mind(package, threads=threads), package.manifest
    names, zones = parted(facts.glossary, facts.words.defects)
    spelling, sure_from = spelling_under(facts.glossary), facts.operating_point.sure_from
    figures: list[Figure] = []
    wrong: list[str] = []
    for name, texts, must_stop in (("odd", sentences.odd, True), ("plain", sentences.plain, False)):
        read = mind.read([CriterionText("", text) for text in texts], facts.glossary, _step(progress, name))
        unread = [note.kind == "other" or score < sure_from for note, score in read]
        more = [
            bool(left_over(read_text(text, spelling), note, names, zones))
            for text, (note, _) in zip(texts, read, strict=True)
        ]
        stopped = [a or b for a, b in zip(unread, more, strict=True)]
        figures += [
            share("reading", "stopped", sum(stopped), len(texts), of=name),
            share("reading", "objected to for what is left over", sum(more), len(texts), of=name),
        ]
        wrong += [text for text, stop in zip(texts, stopped, strict=True) if stop != must_stop]
    return Stopped(figures, wrong)


def _step(progress: Progress, name: str) -> Callable[[int, int], None]:
    return lambda done, of: progress(f"read {name} sentences", done, of)
