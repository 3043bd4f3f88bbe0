"""Every file below DATA_URI: what it is called, what it holds, and what deletes it. Nothing is read or written here."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class DataFile:
    """One kind of file.

    Attributes:
        path: relative to DATA_URI; `<…>` stands for the key that names each file of the kind.
        holds: one phrase, for the reference.
        has_people: it holds numbers or other columns of a list.
        purged: what `fbcheck purge` deletes of it: "yes" for the whole file, "no", or which part. A whole file goes with the list,
            chunk or task that names it.
    """

    path: str
    holds: str
    has_people: bool = True
    purged: str = "yes"

    def of(self, key: str) -> str:
        """The path of the file of one list, chunk or task; a task id comes from outside and is made safe."""
        return _KEY.sub(lambda _: safe_name(key) if self.key == "task_id" else key, self.path)

    @property
    def folder(self) -> str:
        """The folder it lies in; of an asset's file this is the asset's name."""
        return self.path.partition("/")[0]

    @property
    def base(self) -> str:
        """The folder below which all files of the kind lie."""
        return self.path.partition("/<")[0]

    @property
    def key(self) -> str:
        """What names each file, e.g. `list_key`; empty for a single file."""
        return "".join(_KEY.findall(self.path))

    @property
    def suffix(self) -> str:
        """What stands after the key."""
        return self.path.rpartition(">")[2]


_KEY = re.compile("<(.*)>")

INBOX = DataFile(
    "inbox/<name>",
    "where lists are dropped, also in a folder named like their source, `inbox/<source>/`; they leave it when they are taken up",
    purged="no",
)
INCOMING = DataFile("inbox/.incoming/<random~folder>/<file>", "a list that is being taken up", purged="no")
TAKEN = DataFile("taken/<list_key>/<file>", "the original list files")
RAW_PHONES = DataFile("raw_phones/<list_key>.parquet", "one row per phone found, with all columns of its source row")
E164_PHONES = DataFile("e164_phones/<list_key>.parquet", "the same phones with `phone_e164` or `reject_reason`")
CHUNKS = DataFile("chunks/<chunk_key>.txt", "exactly what was sent; of a settled chunk the only copy of its phones")
SUBMITTED_CHUNKS = DataFile("submitted_chunks/<list_key>.parquet", "what answers each distinct phone of the list")
RESULT_ARCHIVES = DataFile("result_files/<task_id>.zip", "the vendor's original results: workbooks and archives")
RESULT_TEXTS = DataFile("result_files/<task_id>.gz", "the vendor's other results, gzipped")
RESULT_FILES = (RESULT_ARCHIVES, RESULT_TEXTS)
VERDICTS = DataFile("verdicts/<task_id>.parquet", "one row per phone that the vendor answered")
VOLUMES = DataFile(
    "verdicts/volume~<random>.parquet", "the same of many tasks whose verdicts change no more"
)  # no task id has a tilde
NEW_VOLUMES = DataFile("new_volumes/<random>.parquet", "such a file before it is moved to `verdicts/`")
RECEIPTS = DataFile(
    "receipts/<chunk_key>-<sender>.json",
    "for each submission under way what the vendor answered; beside the ledger, or in `FBCHECK_RECEIPTS`",
    has_people=False,
)
VERDICT_INDEX = DataFile(
    "verdict_index/<random>.pairs", "which chunks answered each phone, or tried it in vain; rebuilt if it is missing or damaged"
)
FACEBOOK_RESULTS = DataFile("facebook_results/<list_key>.parquet", "the joined result; its footer holds the lineage")
FACEBOOK_ANSWERS = DataFile("facebook_answers/<list_key>.parquet", "our columns of it, alike for all lists")
FACEBOOK_LATEST = DataFile(
    "facebook_latest/<source>.parquet",
    "the result of the newest list of a source",
    purged="with its list; the next newest returns",
)
CURRENT_VERDICTS = DataFile(
    "current_verdicts/<part>.parquet", "the newest verdict of every phone that was ever answered", purged="its phones"
)
VERDICT_CHANGES = DataFile("verdict_changes/<part>.parquet", "each change of a phone's verdict", purged="its phones")
FACEBOOK_SUMMARY = DataFile(
    "facebook_summary/summary<-number>.parquet",
    "one row per list; the first thousand lists are in `summary.parquet`, the next in `summary-1.parquet` …",
    has_people=False,
    purged="its row",
)
LINEAGE = DataFile("lineage/<list_key>.lineage.json", "where every number of the result comes from", has_people=False)
OPENLINEAGE = DataFile("lineage/<list_key>.openlineage.json", "the same as OpenLineage events", has_people=False)
REPORT = DataFile("reports/<list_key>.report.html", "the same as an HTML page", has_people=False)
REPORT_INDEX = DataFile("reports/index.html", "an HTML page about all lists", has_people=False, purged="its row")
VIEWS = DataFile("views.sql", "the tables as views, for SQL engines", has_people=False, purged="no")
LEDGER = DataFile("ledger.db", "the ledger, unless `FBCHECK_LEDGER_URL` names another place", purged="its rows")
LEDGER_WORK = DataFile("ledger.db-<wal or shm>", "SQLite's own working files beside it", purged="its rows")
SENDERS = DataFile("ledger.db.senders/<sender>.lock", "which processes are sending now", has_people=False, purged="no")
LEDGER_ID = DataFile("ledger-id.json", "which ledger belongs to these data, and how much was sent", has_people=False, purged="no")
DAGSTER = DataFile("dagster/", "Dagster's instance, if `DAGSTER_HOME` is unset", has_people=False, purged="its partition")

FILES = tuple(each for each in list(globals().values()) if isinstance(each, DataFile))
"""All of them, in the order of the flow."""
COPIED = tuple(each for each in FILES if each not in (RECEIPTS, LEDGER, LEDGER_WORK, SENDERS, LEDGER_ID, DAGSTER))
"""What a backup copies as it lies there; the ledger is copied as of one moment, with the receipts of then, and Dagster's runs are left out."""


def taken_file(list_key: str, file: str) -> str:
    """The path of a list as it came."""
    return TAKEN.of(f"{list_key}/{file}")


def files_of_list(list_key: str, file: str) -> list[str]:
    """Paths of all that is deleted with a list, whether or not it is there."""
    return [taken_file(list_key, file), *_purged("list_key", list_key)]


def files_of_chunk(chunk_key: str, task_id: str | None) -> list[str]:
    """Paths of all that is deleted with a chunk, whether or not it is there."""
    return [*_purged("chunk_key", chunk_key), *(_purged("task_id", task_id) if task_id else ())]


def _purged(kind: str, key: str) -> list[str]:
    return [each.of(key) for each in FILES if each.key == kind and each.purged == "yes"]


def safe_name(task_id: str) -> str:
    """A task id as a file name; an odd one is hashed, since it comes from outside."""
    is_safe = re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", task_id)
    return task_id if is_safe else hashlib.sha256(task_id.encode()).hexdigest()
