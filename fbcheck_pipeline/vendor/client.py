"""The vendor's client: one method, one request, every failure a named error.

Retrying, waiting and recording are the caller's: here nothing is repeated.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests

from fbcheck_pipeline.errors import (
    RateLimited,
    SettingsError,
    SubmissionUnconfirmed,
    TaskNotFound,
    UnreadableAnswer,
    VendorUnavailable,
)
from fbcheck_pipeline.settings import Settings
from fbcheck_pipeline.vendor.connections import (
    NETWORK_FAULTS,
    KeyForOrigin,
    OneShotAdapter,
    Timeouts,
    VendorSession,
    is_loopback_host,
    status_adapter,
)
from fbcheck_pipeline.vendor.fetching import DownloadedResult, ResultFetcher
from fbcheck_pipeline.vendor.outcomes import (
    ACCEPTED,
    BY_STATUS,
    NOTHING_SENT,
    REDIRECTED,
    REDIRECTS,
    UNCONFIRMED,
    outcome_of,
    raise_outcome,
)
from fbcheck_pipeline.vendor.protocols import FILE_NAME, PROTOCOLS, Call, protocol_named
from fbcheck_pipeline.vendor.task_snapshots import Balance, TaskSnapshot, TaskStatus, balance_of, possible_task_id_of, snapshot_of
from fbcheck_pipeline.vendor.wire_answers import MAX_ANSWER_BYTES, Answer, TooLarge, TooSlow, read_body

NO_TASK = "doctor-probe"
"""A task that does not exist: "no such task" proves address and key."""
_BODY_FAULTS = (*NETWORK_FAULTS, TooLarge, TooSlow)


class VendorClient:
    """The vendor as API_URL and PROTOCOL name it. `task` and `download` may be called from many threads."""

    def __init__(self, settings: Settings, *, timeouts: Timeouts | None = None) -> None:
        """Prepare; nothing is sent.

        Raises:
            SettingsError: API_KEY is missing or cannot be a header's value, or API_URL cannot be requested.
        """
        self._key = _checked_key(settings)
        self._timeouts = timeouts or Timeouts()
        self._api_url, self._origin = settings.api_url, settings.vendor_origin
        self._name = settings.protocol
        self._protocol = protocol_named(settings.protocol, settings.user_id)
        self._auth = KeyForOrigin(self._key, _as_requested(settings.api_url))
        host = urlsplit(settings.api_url).hostname or ""
        # A corporate proxy of the environment is used, but never to reach a sandbox on this very machine.
        self._proxies = {"no_proxy": host} if is_loopback_host(host) else {}
        self._session = VendorSession(self._auth, status_adapter())
        self._fetcher = ResultFetcher(
            settings.allowed_result_hosts,
            settings.max_result_mb * 1_000_000,
            is_loopback_host(host),
            self._timeouts,
            base_url=settings.api_url,
        )

    def __enter__(self) -> VendorClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"VendorClient(api_url={self._api_url!r}, protocol={self._name!r})"

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def submit_chunk(self, payload: bytes) -> TaskSnapshot:
        """Send one billed chunk, once, on a connection of its own.

        Args:
            payload: E.164 numbers with `+`, one a line, each ended by a line feed.

        Returns:
            The accepted task; a status that is missing or unknown reads as pending, the task id matters more.

        Raises:
            VendorUnavailable: nothing reached the vendor, or it said itself that it failed; nothing was billed.
            RateLimited: 429; nothing was billed.
            VendorRefuses: 401, 402, 403, 404 or a redirect; nothing was billed.
            SubmissionRefused: 400, 413, 415 or 422; nothing was billed.
            SubmissionUnconfirmed: anything else once a connection stood; perhaps billed.
        """
        adapter, came = OneShotAdapter(upload_s=self._timeouts.read_s), bytearray()
        with VendorSession(self._auth, adapter) as session:
            session.headers["Connection"] = "close"
            try:
                answer = self._ask(session, self._protocol.submission(payload), self._timeouts.read_s, came)
            except Exception as error:
                if adapter.is_connected:
                    part = Answer(0, {}, bytes(came))
                    raise SubmissionUnconfirmed(
                        f"the answer was lost ({_kind(error)}): {UNCONFIRMED.remedy}",
                        possible_task_id=possible_task_id_of(part, self._key),
                        answer=part.to_keep(self._key),
                    ) from None
                if not isinstance(error, NETWORK_FAULTS):
                    raise
                raise VendorUnavailable(
                    f"the vendor cannot be reached ({self._origin}, {_kind(error)}): {NOTHING_SENT.remedy}"
                ) from None
        outcome = outcome_of(answer)
        if outcome is not ACCEPTED:
            raise_outcome(outcome, answer, self._key)
        return replace(self._snapshot(answer, unknown_status_is=TaskStatus.PENDING), answer=answer.to_keep(self._key))

    def task(self, task_id: str, *, sent_with: str | None = None, user_id: str | None = None) -> TaskSnapshot:
        """Ask for one task, once.

        Args:
            task_id: as the vendor gave it, whatever it looks like.
            sent_with, user_id: protocol and user of its submission; None for the settings' own.

        Raises:
            VendorUnavailable: no answer, or the vendor failed. The task stays open, as with all that follow.
            RateLimited: 429.
            VendorRefuses: 401, 403 or a redirect.
            TaskNotFound: 404; right after submission that passes.
            UnreadableAnswer, UnknownStatus: an answer that says nothing usable, or of another task.
        """
        if not task_id.strip("."):
            raise UnreadableAnswer("a task id is more than dots; copy it again from the vendor")
        if sent_with not in (None, *PROTOCOLS):
            raise UnreadableAnswer(
                f"the task was sent with protocol {sent_with!r}, which this version does not speak; install the version that sent it"
            )
        protocol = self._protocol if sent_with is None else protocol_named(sent_with, user_id)
        return self._snapshot(self._ask_freely(protocol.status(task_id)), asked=task_id)

    def hear(self) -> Balance | None:
        """See that the vendor answers, whatever it says; what is left to spend where the protocol tells that.

        Raises:
            VendorUnavailable: no answer came.
            RateLimited, VendorRefuses, TaskNotFound, UnreadableAnswer: the answer tells no balance.
        """
        if self._protocol.balance() is None:
            self._answer_to(self._protocol.status(NO_TASK))
        return self.balance()

    def balance(self) -> Balance | None:
        """Ask what is left to spend, in USD; None where the protocol cannot tell.

        Raises:
            VendorUnavailable, RateLimited, VendorRefuses, TaskNotFound, UnreadableAnswer: as with `task`.
        """
        call = self._protocol.balance()
        return None if call is None else balance_of(_fields_of(self._ask_freely(call)))

    def download(self, result_url: str, to: Path) -> DownloadedResult:
        """Fetch a result file from wherever the vendor put it, without the key; see `ResultFetcher.fetch`.

        Raises:
            ResultForbidden, ResultExpired, ResultUnavailable: see there.
            StorageError: `to` cannot be written.
        """
        return self._fetcher.fetch(result_url, to)

    def _snapshot(self, answer: Answer, unknown_status_is: TaskStatus | None = None, asked: str | None = None) -> TaskSnapshot:
        return snapshot_of(
            _fields_of(answer),
            is_synthetic=answer.is_synthetic,
            secret=self._key,
            unknown_status_is=unknown_status_is,
            answered_at=answer.date,
            asked=asked,
        )

    def _ask_freely(self, call: Call) -> Answer:
        """A call that costs nothing; every answer but 2xx is an error."""
        answer = self._answer_to(call)
        if not 200 <= answer.status < 300:
            _raise_status_fault(answer, self._key)
        return answer

    def _answer_to(self, call: Call) -> Answer:
        """The answer to a call that costs nothing, whatever it says."""
        try:
            return self._ask(self._session, call, self._timeouts.status_s, bytearray())
        except TooLarge:
            raise UnreadableAnswer(f"the vendor's answer is larger than {MAX_ANSWER_BYTES} bytes") from None
        except _BODY_FAULTS as error:
            raise VendorUnavailable(
                f"the vendor does not answer ({self._origin}, {_kind(error)}); it is asked again later: "
                "if it stays so, check the network and FBCHECK_API_URL"
            ) from None

    def _ask(self, session: requests.Session, call: Call, read_s: float, came: bytearray) -> Answer:
        """One request and its whole answer; network faults as they come, and `came` is what came of the body before."""
        files: Any = None if call.file is None else {"file": (FILE_NAME, call.file, "text/plain")}
        with session.request(
            call.method,
            self._api_url + call.path,
            params=dict(call.query),
            data=dict(call.form),
            files=files,
            timeout=(self._timeouts.connect_s, read_s),
            proxies=self._proxies,
            allow_redirects=False,
            stream=True,
        ) as response:
            read_body(response.raw, came, max_bytes=MAX_ANSWER_BYTES, within_s=read_s)
            return Answer(response.status_code, response.headers, bytes(came))


def _checked_key(settings: Settings) -> str:
    key = settings.api_key.get_secret_value().strip() if settings.api_key else ""
    if not key:
        raise SettingsError("FBCHECK_API_KEY is not set; set it to the vendor's key, or write it into a .env file")
    if not (key.isascii() and key.isprintable()):
        raise SettingsError("FBCHECK_API_KEY contains characters that a key cannot have; copy it again from the vendor")
    return key


def _as_requested(api_url: str) -> str:
    """The URL as requests will write it: host names outside ASCII look different there."""
    try:
        return requests.Request("GET", api_url).prepare().url or api_url
    except requests.RequestException:
        raise SettingsError("FBCHECK_API_URL cannot be requested; check its host and port") from None


def _fields_of(answer: Answer) -> dict[str, Any]:
    fields = None if answer.is_page else answer.fields()
    if fields is None:
        what = "a web page" if answer.is_page else "no JSON object"
        raise UnreadableAnswer(f"the vendor's answer (HTTP {answer.status}) is {what}; it is asked again later")
    return fields


def _raise_status_fault(answer: Answer, secret: str) -> NoReturn:
    if answer.status in REDIRECTS:
        raise_outcome(REDIRECTED, answer, secret)
    if answer.status in (401, 403):
        raise_outcome(BY_STATUS[answer.status], answer, secret)
    message = f"HTTP {answer.status} on a status call; it is asked again later"
    if answer.status == 404 and answer.is_page:
        raise UnreadableAnswer("HTTP 404 with a web page: is FBCHECK_API_URL the vendor's address? It is asked again later")
    if answer.status == 404:
        raise TaskNotFound(message)
    if answer.status == 429:
        raise RateLimited(message, retry_after_s=answer.retry_after_s())
    if answer.status >= 500:
        raise VendorUnavailable(message)
    raise UnreadableAnswer(message)


def _kind(error: BaseException) -> str:
    """The innermost fault's kind without any text: texts carry URLs."""
    inner = error.args[0] if error.args else None
    return type(getattr(inner, "reason", inner) if isinstance(inner, Exception) else error).__name__
