"""The careful way to read CSV text: any bytes become records, none is lost and none is swallowed.

One rule for every quote: a field is quoted when its opening quote stands at its beginning and a closing quote at its end
(spaces around them aside); any other quote is an ordinary character. So a quote that is never closed costs one field,
not the rest of the file. No encodings, headers or Arrow here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import accumulate

NO_DELIMITER = b"\x1f"  # a column of its own: the unit separator stands in no list that people make
_CUT_AT_ONCE = 64 << 10
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")


@dataclass
class Split:
    """What a text holds: fields of each record, where the last whole record ends, and how many fields had a broken quote."""

    records: list[list[bytes]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    broken_quote_count: int = 0

    @property
    def end(self) -> int:
        """Offset behind the last whole record."""
        return self.ends[-1] if self.ends else 0


class Splitter:
    """Splits UTF-8 (or any ASCII superset) text with a one-byte delimiter."""

    def __init__(self, delimiter: bytes) -> None:
        cut = re.escape(delimiter)
        quoted = rb' *+"(?P<quoted>[^"]*+(?:""[^"]*+)*+)" *+(?=' + cut + rb"|[\r\n]|\Z)"
        plain = rb"(?P<plain>[^\r\n" + cut + rb"]*+)"
        stop = rb"(?P<stop>" + cut + rb"|\r\n|\n|\r(?!\Z)|(?P<last>\r?\Z))"
        self._delimiter = delimiter
        self._field = re.compile(rb"(?:" + quoted + rb"|" + plain + rb")" + stop)
        self._open = re.compile(rb' *+"[^"]*+(?:""[^"]*+)*+\Z')

    def split(self, text: bytes, *, is_last: bool, may_wait: bool = True, limit: int | None = None) -> Split:
        """Records from the beginning of `text`.

        Args:
            is_last: no text follows, so that what stands at the end is whole.
            may_wait: a quote that is open at the end may be closed by text to come; else it is an ordinary character.
            limit: most records wanted.
        """
        found, at = Split(), 0
        may_wait = may_wait and not is_last
        while at < len(text) and (limit is None or len(found.records) < limit):
            if (end := self._plain_lines_end(text, at)) > at:
                lines = text[at:end].splitlines(keepends=True)
                lines = lines if limit is None else lines[: limit - len(found.records)]
                found.records += [line.rstrip(b"\r\n").split(self._delimiter) for line in lines]
                ends = list(accumulate(map(len, lines), initial=at))
                found.ends += ends[1:]
                at = ends[-1]
                continue
            line_end = _LINE_END.search(text, at)
            line = text[at : line_end.start() if line_end else len(text)]
            if line_end and not self._may_be_quoted(line):
                record, at = line.split(self._delimiter), line_end.end()
            else:
                parsed = self._record(text, at, found, is_last=is_last, may_wait=may_wait)
                if parsed is None:
                    break
                record, at = parsed
            found.records.append(record)
            found.ends.append(at)
        return found

    def _plain_lines_end(self, text: bytes, at: int) -> int:
        """Where the whole lines end that stand before the next quote; they are cut all at once, as far as they are not too many."""
        far = min(at + _CUT_AT_ONCE, len(text))
        quote = text.find(b'"', at, far)
        stop = quote if quote >= 0 else far - (text[far - 1 : far] == b"\r")  # which may be half of a line end
        return max(text.rfind(b"\n", at, stop), text.rfind(b"\r", at, stop)) + 1

    def _may_be_quoted(self, line: bytes) -> bool:
        """False when no field begins with a quote, so that cutting at the delimiters is all there is to do."""
        if b'"' not in line:
            return False
        return line[:1] in b' "' or self._delimiter + b'"' in line or self._delimiter + b" " in line

    def _unquoted_rest(self, text: bytes, at: int) -> tuple[list[bytes], int] | None:
        """The rest of a line in which no field begins with a quote, and its end; looked for once a record, behind its first broken quote."""
        line_end = _LINE_END.search(text, at)
        line = text[at : line_end.start()] if line_end else b""
        return (line.split(self._delimiter), line_end.end()) if line_end and not self._may_be_quoted(line) else None

    def _record(self, text: bytes, at: int, found: Split, *, is_last: bool, may_wait: bool) -> tuple[list[bytes], int] | None:
        """One record and its end; None when it is not whole yet."""
        fields: list[bytes] = []
        broken = 0
        while True:
            if may_wait and self._open.match(text, at):
                return None
            match = self._field.match(text, at)
            assert match is not None  # `plain` may be empty and `stop` follows it wherever it ends
            if match["last"] is not None and not is_last:
                return None
            quoted = match["quoted"]
            fields.append(match["plain"] if quoted is None else quoted.replace(b'""', b'"'))
            broken += quoted is None and fields[-1].lstrip(b" ").startswith(b'"')
            at = match.end()
            if match["stop"] != self._delimiter:
                found.broken_quote_count += broken
                return fields, at
            if broken == 1 and quoted is None and (rest := self._unquoted_rest(text, at)):
                found.broken_quote_count += broken
                return [*fields, *rest[0]], rest[1]
