"""The mind's graph at work: a prefix that is read once, rows of a batch over it, and tokens written under a grammar.

Rows never see each other. They are padded on the right to a few lengths, because a graph that meets ever new lengths
keeps memory for each; padding is masked and costs time, never an answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.package import MIND_GRAPH, MIND_TENSORS, ModelPackage
from models.runtime import Device, open_session, require_numbers

Floats = NDArray[np.float32]
HIDDEN = np.float32(-1e9)  # added to a score that must not count
LENGTHS = 8  # rows are padded to a multiple of this
PREFIX_CHUNK = 256  # tokens of a prefix that are read at once
DRAFTS = 4  # of one answer; what the mind goes on changing is then written token by token

Redraft = Callable[[int, tuple[int, ...]], Sequence[int] | None]  # of a row, after the tokens that it has


class Grammar(Protocol):
    """What may be written next."""

    def allowed(self, tokens: Sequence[int]) -> list[int]: ...

    def complete(self, tokens: Sequence[int]) -> bool: ...


@dataclass(frozen=True, slots=True)
class Prefix:
    """Keys and values of a prompt's shared beginning, one pair a layer."""

    keys: tuple[Floats, ...]  # (1, KV, H, P)
    values: tuple[Floats, ...]  # (1, KV, P, H)

    @property
    def length(self) -> int:
        return int(self.keys[0].shape[3])


@dataclass(frozen=True, slots=True)
class Row:
    """Tokens after the prefix; `blend` stands in place of the token at `blend_at`, as a point in the space of words."""

    tokens: tuple[int, ...]
    blend_at: int = -1
    blend: Floats | None = None

    def then(self, tokens: Sequence[int]) -> "Row":
        return Row((*self.tokens, *tokens), self.blend_at, self.blend)


@dataclass(frozen=True, slots=True)
class Written:
    """An answer and the product of the probabilities of its tokens under the grammar."""

    tokens: tuple[int, ...]
    score: float


@dataclass(frozen=True, slots=True)
class _Past:
    """Keys and values that the rows have written themselves."""

    keys: list[Floats]  # (B, KV, S, H)
    values: list[Floats]
    seen: NDArray[np.bool_]  # (B, S): False where a row was padded
    places: NDArray[np.int64]  # (B,) place of the next token


class Decoder:
    """One session on the mind's graph."""

    def __init__(self, package: ModelPackage, *, threads: int, device: Device = "cpu") -> None:
        tensors = load_file(package.path(MIND_TENSORS))
        self.embeddings: NDArray[np.float16] = tensors["embeddings"]
        self.grammar_tokens: NDArray[np.int64] = tensors["grammar_tokens"]
        self.opened = open_session(package.path(MIND_GRAPH), threads=threads, device=device)
        self._column = {int(token): column for column, token in enumerate(self.grammar_tokens)}
        shapes = self.opened.session.shapes
        self._layers = sum(name.startswith("pk.") for name in shapes)
        self._key_heads, self._head_width = shapes["pk.0"][1], shapes["pk.0"][2]
        half = np.arange(0, self._head_width, 2, dtype=np.float64) / self._head_width
        self._turns = float(tensors["theta"][0]) ** -half  # radians a place

    # ------------------------------------------------------------ reading
    def prefix(self, tokens: Sequence[int]) -> Prefix:
        """Read the shared beginning once, in chunks over what was read so far, so that memory stays small on long
        sheets.
        """
        keys = [np.zeros((1, self._key_heads, self._head_width, 0), np.float32) for _ in range(self._layers)]
        values = [np.zeros((1, self._key_heads, 0, self._head_width), np.float32) for _ in range(self._layers)]
        for start in range(0, len(tokens), PREFIX_CHUNK):
            chunk = Row(tuple(tokens[start : start + PREFIX_CHUNK]))
            _, past = self._pass(Prefix(tuple(keys), tuple(values)), [chunk], keep=True)
            length = len(chunk.tokens)
            for layer in range(self._layers):
                keys[layer] = np.concatenate(
                    [keys[layer], past.keys[layer][:, :, :length].transpose(0, 1, 3, 2)], axis=3
                )
                values[layer] = np.concatenate([values[layer], past.values[layer][:, :, :length]], axis=2)
        return Prefix(tuple(np.ascontiguousarray(k) for k in keys), tuple(values))

    def meaning(self, tokens: Sequence[int]) -> Floats:
        """The mean embedding of a word's tokens."""
        return np.asarray(self.embeddings[list(tokens)].astype(np.float32).mean(axis=0), np.float32)

    def logits(self, prefix: Prefix, rows: Sequence[Row]) -> list[Floats]:
        """Scores (tokens of the row, tokens of the grammar) after every token of every row."""
        return self._pass(prefix, rows, keep=False)[0]

    # ------------------------------------------------------------ writing
    def check(
        self,
        prefix: Prefix,
        rows: Sequence[Row],
        drafts: Sequence[Sequence[int]],
        grammars: Sequence[Grammar],
        *,
        most: int,
        redraft: Redraft | None = None,
    ) -> list[Written]:
        """What greedy writing gives, found in one pass wherever the draft is what the mind would have written.

        A row that would have gone another way is drafted anew from there, some times, and then finished token by token.

        Args:
            prefix: what all rows stand under.
            rows: the questions.
            drafts: an answer for each.
            grammars: one a row.
            most: tokens after which a row is left as it is, incomplete.
            redraft: a row's whole answer after the tokens that it has, or None; one that does not begin with them is
                not used. Nothing is drafted anew without it.
        """
        begun, passes = [Written((), 1.0)] * len(rows), 0
        drafted = dict(enumerate(drafts))
        while drafted and passes < DRAFTS:
            seen = self.logits(prefix, [rows[i].then(draft) for i, draft in drafted.items()])
            passes += 1
            for (i, draft), logits in zip(drafted.items(), seen, strict=True):
                begun[i] = self._agreed(logits[len(rows[i].tokens) - 1 :], draft, grammars[i], begun[i])
            open_rows = [i for i in drafted if not grammars[i].complete(begun[i].tokens)]
            anew = ((i, redraft(i, begun[i].tokens)) for i in open_rows if redraft)
            drafted = {
                i: draft for i, draft in anew if draft and tuple(draft[: len(begun[i].tokens)]) == begun[i].tokens
            }
        unfinished = [i for i, grammar in enumerate(grammars) if not grammar.complete(begun[i].tokens)]
        if unfinished:
            finished = self.write(
                prefix,
                [rows[i] for i in unfinished],
                [grammars[i] for i in unfinished],
                most=most,
                begun=[begun[i] for i in unfinished],
            )
            for i, written in zip(unfinished, finished, strict=True):
                begun[i] = written
        return begun

    def _agreed(self, logits: Floats, draft: Sequence[int], grammar: Grammar, begun: Written) -> Written:
        """What is written already and the draft after it, up to the first token that is not the drafted one."""
        tokens, score = list(begun.tokens), begun.score
        for at in range(len(tokens), len(draft)):
            token, probability = self._choose(logits[at], grammar, tokens)
            tokens.append(token)
            score *= probability
            if token != draft[at]:
                break
        return Written(tuple(tokens), score)

    def write(
        self,
        prefix: Prefix,
        rows: Sequence[Row],
        grammars: Sequence[Grammar],
        *,
        most: int,
        begun: Sequence[Written] | None = None,
    ) -> list[Written]:
        """Write greedily under a grammar, all rows at once.

        Args:
            prefix: what all rows stand under.
            rows: the questions.
            grammars: one a row.
            most: tokens after which a row is left as it is, incomplete.
            begun: what each row has written already.
        """
        tokens = [list(w.tokens) for w in begun] if begun else [[] for _ in rows]
        scores = [w.score for w in begun] if begun else [1.0 for _ in rows]
        logits, past = self._pass(prefix, [row.then(t) for row, t in zip(rows, tokens, strict=True)], keep=True)
        last = [seen[-1] for seen in logits]
        unfinished = [i for i, grammar in enumerate(grammars) if not grammar.complete(tokens[i])]
        while unfinished:
            for i in unfinished:
                token, probability = self._choose(last[i], grammars[i], tokens[i])
                tokens[i].append(token)
                scores[i] *= probability
            unfinished = [i for i in unfinished if not grammars[i].complete(tokens[i]) and len(tokens[i]) < most]
            if unfinished:
                step, past = self._step(prefix, [written[-1] for written in tokens], past)
                last = list(step)
        return [Written(tuple(t), s) for t, s in zip(tokens, scores, strict=True)]

    def _choose(self, logits: Floats, grammar: Grammar, tokens: Sequence[int]) -> tuple[int, float]:
        allowed = grammar.allowed(tokens)
        if len(allowed) == 1:
            return allowed[0], 1.0
        scores = logits[[self._column[token] for token in allowed]].astype(np.float64)
        weights = np.exp(scores - scores.max())
        best = int(weights.argmax())
        return allowed[best], float(weights[best] / weights.sum())

    # ------------------------------------------------------------ the graph
    def _pass(self, prefix: Prefix, rows: Sequence[Row], *, keep: bool) -> tuple[list[Floats], _Past]:
        """Logits (tokens, G) of every row, and its past if it is to go on."""
        longest = max(len(row.tokens) for row in rows)
        length = -(-longest // LENGTHS) * LENGTHS
        x = np.zeros((len(rows), length, self.embeddings.shape[1]), np.float32)
        seen = np.zeros((len(rows), length), np.bool_)
        for i, row in enumerate(rows):
            x[i, : len(row.tokens)] = self.embeddings[list(row.tokens)]
            seen[i, : len(row.tokens)] = True
            if row.blend is not None:
                x[i, row.blend_at] = row.blend
        places = np.broadcast_to(prefix.length + np.arange(length), (len(rows), length))
        order = np.arange(length)
        visible = (order[None, :] <= order[:, None])[None] & (seen[:, None, :] | np.eye(length, dtype=np.bool_)[None])
        nothing = np.zeros((len(rows), self._key_heads, 0, self._head_width), np.float32)
        own = [nothing] * self._layers
        logits, keys, values = self._run(prefix, x, places, visible, own, own, keep=keep)
        ends = prefix.length + np.array([len(row.tokens) for row in rows])
        return [logits[i, : len(row.tokens)] for i, row in enumerate(rows)], _Past(keys, values, seen, ends)

    def _step(self, prefix: Prefix, tokens: Sequence[int], past: _Past) -> tuple[Floats, _Past]:
        """One token more on every row -> logits (B, G)."""
        x = self.embeddings[list(tokens)].astype(np.float32)[:, None]
        seen = np.concatenate([past.seen, np.ones((len(tokens), 1), np.bool_)], axis=1)
        logits, keys, values = self._run(
            prefix, x, past.places[:, None], seen[:, None, :], past.keys, past.values, keep=True
        )
        return logits[:, 0], _Past(keys, values, seen, past.places + 1)

    def _run(
        self,
        prefix: Prefix,
        x: Floats,
        places: NDArray[np.int64],
        visible: NDArray[np.bool_],
        own_keys: Sequence[Floats],
        own_values: Sequence[Floats],
        *,
        keep: bool,
    ) -> tuple[Floats, list[Floats], list[Floats]]:
        angles = places[..., None] * self._turns
        feed = {
            "x": x,
            "cos": np.cos(angles).astype(np.float32)[:, :, None],
            "sin": np.sin(angles).astype(np.float32)[:, :, None],
            "mask": np.where(visible, np.float32(0), HIDDEN)[:, None],
        }
        for i in range(self._layers):
            feed |= {
                f"pk.{i}": prefix.keys[i],
                f"pv.{i}": prefix.values[i],
                f"ok.{i}": own_keys[i],
                f"ov.{i}": own_values[i],
            }
        pasts = [f"{name}.{i}" for name in ("nk", "nv") for i in range(self._layers)] if keep else []
        found = self.opened.session.run(["logits", *pasts], feed)
        require_numbers(found[0])
        return found[0], list(found[1 : 1 + self._layers]), list(found[1 + self._layers :])
