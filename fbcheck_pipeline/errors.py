"""Everything that can go wrong, as one tree.

    FbcheckError                     a sentence with its remedy; `exit_code` is what the command line returns
    ├── SettingsError          (2)   a setting is missing or contradicts another
    ├── ListError              (2)   a list cannot be read; names the file, the place, the remedy
    ├── StorageError           (2)   DATA_URI cannot be used
    ├── LedgerError            (2)   the ledger is missing, foreign, older, newer or locked
    │   └── NewerLedger              … because a newer program migrated it; it never takes what this one writes
    ├── OperatorError          (2)   the request does not fit the state of the lists, chunks or ledger
    ├── Interrupted          (130)   Ctrl-C; says where the phones are
    └── VendorError                  the vendor, or the connection to it
        ├── VendorUnavailable  (3)   nothing was billed; try again later
        │   └── RateLimited          … after `retry_after_s`
        ├── VendorRefuses      (4)   key, balance or address; nothing was billed, the whole submission stops
        ├── SubmissionRefused        the vendor does not accept this chunk as it is; nothing was billed
        ├── SubmissionUnconfirmed    perhaps billed; a person must reconcile it
        ├── UnreadableAnswer         a status answer without usable content; the task stays open
        │   └── UnknownStatus        … because it names an unknown status
        ├── TaskNotFound             the vendor does not know this task (yet)
        └── ResultError              a result cannot be fetched or read
            ├── ResultExpired        its URL is no longer valid; ask the status for a fresh one
            ├── ResultUnavailable    fetched again later
            ├── ResultForbidden      its address or size breaks a guard; never fetched
            └── ResultUnreadable     it arrived whole and is no result; it is kept aside
                └── ResultOfOthers   … because no phone of it was sent

Messages never contain a phone number, the API key or a result URL's query.
"""

from __future__ import annotations


class FbcheckError(Exception):
    """An error that a person can act on; the message is one sentence and its remedy."""

    exit_code = 1


class SettingsError(FbcheckError):
    """A setting is missing, malformed or contradicts another."""

    exit_code = 2


class ListError(FbcheckError):
    """A list cannot be read as it is."""

    exit_code = 2


class StorageError(FbcheckError):
    """DATA_URI cannot be read or written."""

    exit_code = 2


class LedgerError(FbcheckError):
    """The ledger is missing, foreign, older, newer than this code, or locked."""

    exit_code = 2


class NewerLedger(LedgerError):
    """A newer program migrated the ledger; it never takes what this one writes."""


class OperatorError(FbcheckError):
    """The request does not fit the current state of the lists, chunks or ledger."""

    exit_code = 2


class PortTaken(OperatorError):
    """Another program uses the port that a command was told to."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken; end the program that uses it, or choose another port with --port")


class Interrupted(FbcheckError):
    """A person stopped the command."""

    exit_code = 130


class VendorError(FbcheckError):
    """The vendor failed, or the connection to it."""

    exit_code = 3


class VendorUnavailable(VendorError):
    """Nothing reached the vendor, or the vendor reported its own failure; nothing was billed."""


class RateLimited(VendorUnavailable):
    """The vendor asks to wait; nothing was billed."""

    def __init__(self, message: str, *, retry_after_s: float | None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class VendorRefuses(VendorError):
    """401, 402, 403 or 404: the key, the balance or the address is wrong; nothing was billed."""

    exit_code = 4

    def __init__(self, message: str, *, http_status: int) -> None:
        super().__init__(message)
        self.http_status = http_status


class SubmissionRefused(VendorError):
    """The vendor does not accept this chunk as it is; nothing was billed."""

    def __init__(self, message: str, *, http_status: int) -> None:
        super().__init__(message)
        self.http_status = http_status


class SubmissionUnconfirmed(VendorError):
    """The vendor may have accepted and billed this chunk; a person must reconcile it.

    Attributes:
        possible_task_id: what may be its task, by an answer that proves nothing.
        answer: what came of the answer, fit to be kept.
    """

    def __init__(self, message: str, *, possible_task_id: str | None = None, answer: str = "") -> None:
        super().__init__(message)
        self.possible_task_id = possible_task_id
        self.answer = answer


class UnreadableAnswer(VendorError):
    """A status answer without usable content; the task stays open."""


class UnknownStatus(UnreadableAnswer):
    """The vendor names a status that this version does not know."""


class TaskNotFound(VendorError):
    """The vendor does not know this task; right after a submission this is temporary."""


class ResultError(VendorError):
    """A result file cannot be fetched or read."""


class ResultExpired(ResultError):
    """The result's URL answers 400, 401, 403, 404 or 410; the next status call brings a fresh one."""

    def __init__(self, message: str, *, http_status: int) -> None:
        super().__init__(message)
        self.http_status = http_status


class ResultUnavailable(ResultError):
    """The download broke off, was incomplete or the host failed; it is fetched again later."""


class ResultForbidden(ResultError):
    """The result's address, size or shape breaks a guard; it is not fetched."""


class ResultUnreadable(ResultError):
    """The file arrived whole and holds no result table."""


class ResultOfOthers(ResultUnreadable):
    """The file holds a result in which no phone was sent, in any format that is certain."""
