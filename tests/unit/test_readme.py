"""The README types no command that the command line does not know, and names no file that the repository lacks.

Commands are parsed against the real command tree and never run.
"""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from inspector.cli import app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
INDENTED = re.findall(r"^ {4,}(\S.*)$", README.replace("\\\n", " "), re.MULTILINE)
QUOTED = [" ".join(found.split()) for found in re.findall(r"`([^`]+)`", README)]
THE_USERS_OWN = {"configs/criteria/ring.yaml"}  # the sheet of the product that a reader teaches
FOLDERS = "cameras|configs|docs|inspector|models|tests|tuning"

Command = Any  # of typer's own copy of click or of click itself, as the version has it


def typed(text: str) -> list[str]:
    """The words behind `inspector` of a line as a shell reads it, or none where it is another program's."""
    words = shlex.split(text.removeprefix("$ "), comments=True)
    return words[1:] if words and words[0].removeprefix(".venv/bin/") == "inspector" else []


def commands(lines: list[str]) -> list[str]:
    return list(dict.fromkeys(shlex.join(words) for words in map(typed, lines) if words))


def known(words: list[str]) -> tuple[Command, list[str]]:
    """The command that the first words name, and what is left for it to parse."""
    command: Command = typer.main.get_command(app)
    while words and hasattr(command, "commands"):
        assert words[0] in command.commands, f"inspector has no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    return command, list(words)


def options(command: Command) -> set[str]:
    """Every option of a command and of those below it."""
    own = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    return own.union(*map(options, getattr(command, "commands", {}).values()))


@pytest.mark.parametrize("line", commands(INDENTED))
def test_every_command_line_of_the_readme_is_one_that_can_be_typed(line: str):
    command, words = known(shlex.split(line))

    with command.make_context(command.name, words) as understood:
        assert understood.params


@pytest.mark.parametrize("line", commands(QUOTED))
def test_every_command_that_the_readme_mentions_exists_with_its_options(line: str):
    command, words = known(shlex.split(line))

    _, left_over, _ = command.make_parser(command.context_class(command, info_name=command.name)).parse_args(words)

    assert left_over == []


def test_every_option_that_the_readme_mentions_alone_is_one_of_a_command():
    mentioned = {text.split()[0] for text in QUOTED if text.startswith("--")}

    assert mentioned
    assert mentioned - options(known([])[0]) == set()


def test_every_file_and_folder_that_the_readme_names_is_there():
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    names = {
        name.rstrip("/.")
        for text in (*INDENTED, *QUOTED, *linked)
        for name in re.findall(rf"(?<![\w./-])(?:{FOLDERS})/[\w./-]*", text)
    }

    missing = {name for name in names if not (ROOT / name).exists()}

    assert len(names) > 20
    assert missing <= THE_USERS_OWN
