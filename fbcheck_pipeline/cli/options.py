"""Options and arguments that several commands have."""

from typing import Annotated, Any

import typer

from fbcheck_pipeline.cli import completing

READING = "How the list is read"


def _reading(help_: str, metavar: str) -> Any:
    return typer.Option(help=help_, metavar=metavar, rich_help_panel=READING)


Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on standard output.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say also why the list was read so.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print warnings and errors only.")]
ListKey = Annotated[
    str,
    typer.Argument(
        help="The list: its key, a beginning of it, or the name of its file or source.",
        metavar="LIST_KEY",
        autocompletion=completing.list_keys,
    ),
]
Region = Annotated[str | None, _reading("ISO 3166 region of numbers without a country code, e.g. TR.", metavar="REGION")]
PhoneColumn = Annotated[str | None, _reading("The phone column, if it is not detected automatically.", metavar="NAME")]
RegionColumn = Annotated[str | None, _reading("The column that holds each row's country.", metavar="NAME")]
Encoding = Annotated[str | None, _reading("Text encoding, e.g. cp1254.", metavar="NAME")]
Delimiter = Annotated[str | None, _reading("Column separator of a text file.", metavar="CHARACTER")]
Sheet = Annotated[str | None, _reading("The sheet of a workbook.", metavar="NAME")]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="The first row holds the column names, or is data.",
        rich_help_panel=READING,
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")]
