"""A log record as one JSON object in one line, for programs that collect logs."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

_FIELDS = re.compile(r"(?:\s+\w+=%[sd])+$")


class JsonLines(logging.Formatter):
    """`time`, `level` and `event`; what a record's text has at its end as `name=value` are fields beside these."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        text, values = str(record.msg), record.args if isinstance(record.args, tuple) else ()
        fields = _FIELDS.search(text)
        names = re.findall(r"(\w+)=", fields[0]) if fields and values else []
        first = len(values) - len(names)
        event = text[: fields.start()] if fields and names else text
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "event": event % values[:first] if first else event,
            **dict(zip(names, values[first:], strict=True)),
        }
        return json.dumps(line, ensure_ascii=False, default=str)
