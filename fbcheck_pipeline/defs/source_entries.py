"""Sources as entries of a component's YAML: the arguments of their classes, with our own sentence for each mistake.

A schema of several classes would only say that an entry fits none of them.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from pydoc import locate
from typing import Any

from fbcheck_pipeline.defs.building import Source
from fbcheck_pipeline.defs.resources import named_variable
from fbcheck_pipeline.defs.sources import AssetSource, SqlSource
from fbcheck_pipeline.errors import SettingsError
from fbcheck_pipeline.settings import nearest_of

CLASSES: dict[str, type[Source]] = {"key": AssetSource, "query": SqlSource}
"""By the field that only they have; an entry has one of these."""
SECRETS = ("url",)
Resolve = Callable[[Any], Any]


def source_of(number: int, entry: Mapping[str, Any], resolve: Resolve) -> Source:
    """The source of an entry.

    Args:
        number: of the entry, from 1.
        resolve: puts values in the place of templates; not called for secrets.

    Raises:
        SettingsError: a sentence that names the entry, the field and the nearest right one.
    """
    try:
        made = _class_of(entry)
        return made(**{name.removesuffix("_env"): _argument(name, value, resolve) for name, value in entry.items()})
    except SettingsError as error:
        raise SettingsError(f"entry {number} of sources: {error}") from None


def _class_of(entry: Mapping[str, Any]) -> Callable[..., Source]:
    found = [each for each in CLASSES if each in entry]
    known = [name for each in found or CLASSES for name in fields_of(CLASSES[each])]
    for name in entry:
        if name not in known:
            raise SettingsError(
                f"{name} is no field of a source; {nearest_of(name, known, likeness=0.6) or 'there are ' + ', '.join(known)}"
            )
    if len(found) != 1:
        raise SettingsError(f"an entry has exactly one of the fields {', '.join(CLASSES)}, which says what kind of source it is")
    made = CLASSES[found[0]]
    for name, given in fields_of(made).items():
        if given.default is given.empty and name not in entry:
            raise SettingsError(f"the field {name} is needed")
    return made


@cache
def fields_of(made: type[Source]) -> dict[str, inspect.Parameter]:
    """What an entry of a class may have: its arguments; a secret is called `…_env`."""
    arguments = inspect.signature(made).parameters
    return {f"{name}_env" if name in SECRETS else name: given for name, given in arguments.items()}


def _argument(name: str, value: Any, resolve: Resolve) -> Any:
    if name.endswith("_env"):
        return named_variable(name, value)
    value = resolve(value)
    if name == "type" and isinstance(value, str):
        found = locate(value)
        if not isinstance(found, type):
            raise SettingsError(f"type: {value} cannot be imported; it names a class, e.g. polars.DataFrame")
        return found
    return value
