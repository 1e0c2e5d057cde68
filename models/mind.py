"""The mind: it reads a criterion into a note, and judges observations under the notes of a sheet.

It refuses a sheet that is longer than it was tuned for. Its judgement is a second opinion: the chain is drafted by
the plain rule and one pass shows whether the mind would have written the same; `decide` lets a different opinion hold
a unit, never pass one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from models.answer import chain_pieces, parse_chain, parse_note, redraft
from models.chain import (
    TAUGHT_REJECTING,
    Chain,
    NoteLine,
    Question,
    concerns,
    item_of,
    judge_by_rule,
    line_id,
    verdict_of,
)
from models.decoder import Decoder, Prefix, Row
from models.errors import AnswerMalformed, PackageInvalid, SheetInvalid
from models.grammar import ChainGrammar, NoteGrammar, grammar_tokens
from models.note import LARGEST, MEASURES, Note
from models.package import TOKENIZER, ModelPackage
from models.prompt import (
    CriterionText,
    in_prompt_order,
    judge_prefix,
    judge_question,
    read_prefix,
    read_question,
    spelling_under,
)
from models.runtime import Device
from models.tokens import Tokens
from models.verdict import Asked, Judgement

LONGEST_NOTE, LONGEST_QUESTION, LONGEST_CHAIN = 48, 32, 128  # tokens; a chain over many lines of a class takes more
MOST_COUNTED = 99  # a larger count shows as such
LINES_AT_ONCE, QUESTIONS_AT_ONCE = 12, 8


@dataclass(frozen=True, slots=True)
class SheetCache:
    """A sheet that the mind has read: its notes' keys and values, and how its lines are called."""

    prefix: Prefix
    lines: tuple[NoteLine, ...]  # in the order of the prompt
    criteria: Mapping[str, str]  # id of the line: id of the criterion
    rejecting: frozenset[str]
    tokens: int
    longest_chain: int  # tokens


class Mind:
    """One mind in one thread; sessions do not mind being called from several, this cache does."""

    def __init__(self, package: ModelPackage, *, threads: int, device: Device = "cpu") -> None:
        self._manifest = package.manifest
        self._words = package.manifest.words
        self._tokens = Tokens(package.path(TOKENIZER))
        self.decoder = Decoder(package, threads=threads, device=device)
        self._under: tuple[tuple[int, ...], Prefix] | None = None  # the glossary read last
        lacking = set(grammar_tokens(self._tokens.encode, self._words)) - set(self.decoder.grammar_tokens.tolist())
        if lacking:
            raise PackageInvalid(
                f"{package.folder}: the mind cannot write {self._tokens.decode(sorted(lacking)[:3])!r}, which its "
                "vocabulary needs. "
                "Nothing was loaded. Tune the mind on this vocabulary and assemble again."
            )

    @property
    def provider(self) -> str:
        """What the mind really runs on, for example CPUExecutionProvider."""
        return self.decoder.opened.providers[0]

    # ------------------------------------------------------------ reading
    def read(
        self,
        lines: Sequence[CriterionText],
        glossary: Mapping[str, Sequence[str]],
        progress: Callable[[int, int], None] | None = None,
    ) -> list[tuple[Note, float]]:
        """What each criterion means, with a score in 0..1.

        Args:
            lines: sentences, each under its heading.
            glossary: for each class and zone what it is and what people call it, the package's words and the sheet's.
            progress: called with the lines read and the lines in all.

        Raises:
            SheetInvalid: glossary and sentence are longer than the context.
        """
        under = self._glossary(glossary)
        grammar, spelling = NoteGrammar(self._tokens.encode, self._words), spelling_under(glossary)
        notes: list[tuple[Note, float]] = []
        for start in range(0, len(lines), LINES_AT_ONCE):
            rows = [
                Row(tuple(self._tokens.encode(read_question(line.heading, line.sentence, spelling))))
                for line in lines[start : start + LINES_AT_ONCE]
            ]
            for line, row in zip(lines[start:], rows, strict=False):
                self._fits(
                    under.length + len(row.tokens) + LONGEST_NOTE,
                    f"the glossary with the sentence {line.sentence[:40]!r}",
                )
            written = self.decoder.write(under, rows, [grammar] * len(rows), most=LONGEST_NOTE)
            for answer in written:
                try:
                    notes.append(
                        (parse_note(self._tokens.decode(answer.tokens), self._words.zones), min(1.0, answer.score))
                    )
                except AnswerMalformed:
                    notes.append((Note(kind="other"), 0.0))  # an unfinished note: score 0 is always unsure
            if progress is not None:
                progress(len(notes), len(lines))
        return notes

    def _glossary(self, glossary: Mapping[str, Sequence[str]]) -> Prefix:
        tokens = tuple(self._tokens.encode_all(read_prefix(self._words, glossary)))
        if self._under is None or self._under[0] != tokens:
            self._fits(len(tokens) + LONGEST_QUESTION + LONGEST_CHAIN, "the glossary")
            self._under = (tokens, self.decoder.prefix(tokens))
        return self._under[1]

    # ------------------------------------------------------------ judging
    def open_sheet(self, notes: Sequence[tuple[str, Note]], rejecting: Collection[str]) -> SheetCache:
        """Read the notes of a sheet once, before the batch.

        Args:
            notes: criterion ids and notes of the approved reading, in the order of the sheet.
            rejecting: severities that reject a unit.

        Raises:
            SheetInvalid: longer than the context that the package was qualified for.
        """
        lines = in_prompt_order([NoteLine(line_id(index), note) for index, (_, note) in enumerate(notes)])
        tokens = self._tokens.encode_all(judge_prefix(lines, TAUGHT_REJECTING))
        longest = max(LONGEST_CHAIN, self._longest_chain(lines))
        self._fits(len(tokens) + LONGEST_QUESTION + longest, f"a sheet of {len(notes)} criteria")
        criteria = {line_id(index): criterion for index, (criterion, _) in enumerate(notes)}
        return SheetCache(
            self.decoder.prefix(tokens), tuple(lines), criteria, frozenset(rejecting), len(tokens), longest
        )

    def _longest_chain(self, lines: Sequence[NoteLine]) -> int:
        """Tokens of the longest chain that the rule can draft under a sheet: every line of one class holds."""
        sizes = tuple((unit, LARGEST) for unit in MEASURES)
        longest = 0
        for defect in {line.note.defect for line in lines}:
            for count in (None, MOST_COUNTED):
                question = Question(defect, f"not {self._words.zones[0]}", sizes, count)
                held = [item_of(line, question, here=True) for line in lines if concerns(line.note, question)]
                longest = max(longest, len(self._coded(Chain(tuple(held), "reject"))))
        return longest

    def judge(self, sheet: SheetCache, questions: Sequence[Asked]) -> list[Judgement]:
        """The mind's opinion on every question about a view, in their order.

        Its opinion is which criteria apply, what they compare and how that comes out; what these come to on the sheet
        is arithmetic.
        """
        judgements: list[Judgement] = []
        for start in range(0, len(questions), QUESTIONS_AT_ONCE):
            judgements += self._judge(sheet, questions[start : start + QUESTIONS_AT_ONCE])
        return judgements

    def _judge(self, sheet: SheetCache, asked: Sequence[Asked]) -> list[Judgement]:
        rows = [self._row(a.question) for a in asked]
        chains = [judge_by_rule(sheet.lines, a.question, TAUGHT_REJECTING) for a in asked]
        drafts = [self._coded(chain) for chain in chains]
        ids = [line.id for line in sheet.lines]
        grammars = [ChainGrammar(self._tokens.encode, ids, a.question, self._words.zones) for a in asked]

        def again(row: int, begun: tuple[int, ...]) -> tuple[int, ...] | None:
            chain = redraft(self._tokens.decode(begun), sheet.lines, asked[row].question, TAUGHT_REJECTING)
            return None if chain is None else self._coded(chain)

        written = self.decoder.check(sheet.prefix, rows, drafts, grammars, most=sheet.longest_chain, redraft=again)
        judgements = []
        for question, drafted, answer in zip(asked, chains, written, strict=True):
            text = self._tokens.decode(answer.tokens)
            as_drafted = False
            try:
                chain = parse_chain(text)
                verdict = verdict_of(
                    chain.items, counted=question.question.count is not None, rejecting=sheet.rejecting
                )
                as_drafted = chain.items == drafted.items
                items = [replace(item, id=sheet.criteria[item.id]) for item in chain.items]
                said = "".join(chain_pieces(items, verdict)).strip()
            except AnswerMalformed:
                said, verdict = text.strip(), "hold"
            judgements.append(
                Judgement(
                    observation=question.observation,
                    chain=said,
                    verdict=verdict,
                    score=min(1.0, answer.score),
                    as_drafted=as_drafted,
                )
            )
        return judgements

    def _coded(self, chain: Chain) -> tuple[int, ...]:
        return tuple(self._tokens.encode_all(chain_pieces(chain.items, chain.verdict)))

    def _row(self, question: Question) -> Row:
        asked = judge_question(question)
        before, after = self._tokens.encode_all(asked.before), self._tokens.encode_all(asked.after)
        if not asked.mixture:
            return Row((*before, *self._tokens.encode(asked.word), *after))
        whole = sum(share for _, share in asked.mixture)
        blend = sum(
            (share / whole * self.decoder.meaning(self._tokens.encode(word)) for word, share in asked.mixture),
            start=0 * self.decoder.meaning([0]),
        )
        return Row((*before, 0, *after), len(before), blend)

    def _fits(self, tokens: int, what: str) -> None:
        if tokens > self._manifest.context_tokens:
            raise SheetInvalid(
                f"{what} takes {tokens} tokens, {self._manifest.name} reads {self._manifest.context_tokens}. "
                "Nothing was read. "
                "Write fewer or shorter lines, or split the sheet."
            )
