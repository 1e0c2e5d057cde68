"""Text to the mind's tokens and back: byte-pair encoding over the vocabulary of the base.

No special token is ever produced, whatever a sentence holds: a criteria sheet is text, not control.
"""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from models.digest import canonical

MOST_REMEMBERED = 20_000  # pieces; a sentence that a person is typing must not fill the memory


def tokenizer_json(vocabulary: Sequence[str], merges: Sequence[str]) -> bytes:
    """The tokeniser as a file, from a base's vocabulary (in order of its ids) and merges (`left right`, in order of
    rank).
    """
    bytes_as_letters = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    content: dict[str, object] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": bytes_as_letters,
        "post_processor": None,
        "decoder": bytes_as_letters,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {piece: index for index, piece in enumerate(vocabulary)},
            "merges": [merge.split(" ") for merge in merges],
        },
    }
    return canonical(content).encode()


class Tokens:
    """The tokeniser of a package."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._known: dict[str, list[int]] = {}

    def encode(self, piece: str) -> list[int]:
        """Tokens of one piece of a prompt; pieces are never joined before they are encoded."""
        if piece not in self._known:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[piece] = list(self._tokenizer.encode(piece, add_special_tokens=False).ids)
        return self._known[piece]

    def encode_all(self, pieces: Sequence[str]) -> list[int]:
        """Tokens of the pieces one after the other."""
        return [token for piece in pieces for token in self.encode(piece)]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of the tokens."""
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=False))
