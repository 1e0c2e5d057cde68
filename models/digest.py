"""Digests: the one way in which this product names bytes and contents."""

import hashlib
import json
from pathlib import Path


def digest_bytes(content: bytes) -> str:
    """`sha256:` and 64 hexadecimal digits of the bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def digest_json(content: object) -> str:
    """Digest of canonical JSON: sorted keys, no spaces, UTF-8, so that layout and comments do not count."""
    return digest_bytes(canonical(content).encode())


def canonical(content: object) -> str:
    """The JSON text that is digested."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_file(path: Path) -> str:
    """Digest of a file, read in blocks."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
