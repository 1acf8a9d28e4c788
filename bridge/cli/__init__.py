"""The command line. Errors of settings are one line that names the setting, and exit 2."""

from __future__ import annotations

import typer

from bridge.cli import (
    beginning,
    cities,
    console,
    keeping,
    learning,
    mail,
    media,
    messages,
    records,
    serving,
    understanding,
    work,
)

# Pretty tracebacks show local variables, and those hold secrets.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A multi-channel Open311 intake bridge.",
)
app.add_typer(serving.app)
app.add_typer(understanding.app)
app.add_typer(beginning.app)
app.add_typer(learning.app)
understanding.models.command("list")(learning.list_models)
understanding.models.command("restore")(learning.restore_model)
app.add_typer(cities.app, name="city")
app.add_typer(console.app, name="console")
app.add_typer(mail.app, name="mail")
app.add_typer(records.app, name="records")
app.add_typer(keeping.app)
app.add_typer(keeping.db, name="db")
app.add_typer(work.app, name="work")
app.add_typer(media.app, name="media")
app.add_typer(messages.app, name="messages")
app.add_typer(understanding.gazetteers, name="gazetteer")
app.add_typer(understanding.models, name="models")
