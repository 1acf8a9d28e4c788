"""mail show: what the bridge would take from a mail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge import logs
from bridge.cli.terminal import one_line, say, say_json
from channels import mail_show

app = typer.Typer(no_args_is_help=True, help="E-mail.")


@app.callback()
def mail() -> None:
    """E-mail."""


@app.command("show")
def show(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders of mails.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    body: Annotated[bool, typer.Option("--body", help="The files hold a bare body without headers.")] = False,
) -> None:
    """Prints the kind of each mail and the words that would be taken from it."""
    logs.configure("critical")
    with one_line():
        for path in mail_show.files(paths):
            taken = mail_show.show(path, body_only=body)
            if as_json:
                say_json([taken])
            else:
                say(f"── {taken['file']}: {taken['kind']}\n{taken['text']}\n")
