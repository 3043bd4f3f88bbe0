"""Erasing people: their phones leave every file and the ledger, and are never submitted again.

The order lets whoever is killed be followed by anybody who runs the same again:

1. the ledger records keyed hashes of the phones and suppresses them; what others write from what they read before is void;
2. they leave the chunks, first in the ledger, then in the files that are made of it;
3. they leave the lists' files and all other tables; once more, until a look at everything finds nothing;
4. the ledger forgets the hashes of those of whom nothing is left. A phone that is with the vendor is left until its chunk settles:
   the transaction that settles it takes the phone out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from fbcheck_pipeline.errors import OperatorError, StorageError
from fbcheck_pipeline.files.scratch import drop_abandoned_scratch
from fbcheck_pipeline.files.storage import StoredFile
from fbcheck_pipeline.ledger.opening import stamp
from fbcheck_pipeline.ledger.records import PhoneList
from fbcheck_pipeline.ledger.schema import ERASED
from fbcheck_pipeline.model import paths
from fbcheck_pipeline.workflow.backups.telling import tell_backups
from fbcheck_pipeline.workflow.erasing.awaited_erasures import awaited
from fbcheck_pipeline.workflow.erasing.erased_chunks import erase_from_chunks, finish_erasures
from fbcheck_pipeline.workflow.erasing.erased_lists import emptied_lists, erase_from_list, find_in_list, has_person, rewrite
from fbcheck_pipeline.workflow.erasing.erased_rows import Person
from fbcheck_pipeline.workflow.erasing.person import contents, mentions, unread_files
from fbcheck_pipeline.workflow.erasing.purge import purge
from fbcheck_pipeline.workflow.tables.verdict_tables import remake_verdict_tables
from fbcheck_pipeline.workflow.workspace import Workspace

log = logging.getLogger(__name__)

MOST_PASSES = 10
"""Others may bring in what they had read; each time everything is looked at once more."""
Rejoin = Callable[[Workspace, str], object]
_Clean = dict[str, list[StoredFile | None]]
"""Files, or by its key those of a list, that a pass found nobody in -> how they were before it looked."""
_ELSEWHERE = frozenset(
    (paths.RAW_PHONES, paths.E164_PHONES, paths.FACEBOOK_RESULTS, paths.VERDICTS, paths.VOLUMES, paths.NEW_VOLUMES)
)
_OF_VERDICTS = frozenset((paths.CURRENT_VERDICTS, paths.VERDICT_CHANGES))
"""Made anew from the verdicts that are left."""
TABLES = [each for each in paths.FILES if each.has_people and each.path.endswith(".parquet") and each not in _ELSEWHERE]
"""All other tables with rows of people."""


@dataclass
class Erased:
    """What was done.

    Attributes:
        list_keys: lists that rows or cells were erased from, `rows` and `cells` of them.
        purged: lists without a phone now, which are gone as a whole.
        awaited: keys of chunks with the vendor, or on their way there, that hold a phone until they settle.
        unread: files that nobody has read yet and that hold a number: they stay.
        named: lists whose file's name or purpose holds a number: these stay.
        problems: list key -> why a file of it could not be brought up to date.
    """

    list_keys: list[str] = field(default_factory=list)
    rows: int = 0
    cells: int = 0
    purged: list[str] = field(default_factory=list)
    awaited: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """True where nothing is left for anybody to do."""
        return not (self.unread or self.named or self.problems or self.awaited)


def erase(ws: Workspace, person: Person, rejoin: Rejoin) -> Erased:
    """Erase people. Killed at any point, the same call ends the work.

    Args:
        rejoin: joins a list anew, with all that is written beside its result.

    Raises:
        LedgerError, StorageError: nothing is taken back; call it again.
    """
    ws.ledger.begin_erasure(person.phones)
    stamp(ws.storage, ws.ledger)
    erased, clean = Erased(), _Clean()
    for _ in range(MOST_PASSES):
        ws.ledger.raise_generation()
        if not _pass(ws, person, rejoin, erased, clean):
            break
    else:
        raise StorageError("others keep writing what is being erased; end what runs beside this command, then erase again")
    ws.ledger.note_lists_done(person.phones)
    finish_erasures(ws)
    erased.purged = purge_emptied(ws)
    ws.storage.drop_leftovers()
    drop_abandoned_scratch()
    ws.ledger.wipe_deleted()
    stamp(ws.storage, ws.ledger)
    tell_backups(ws)
    erased.awaited, erased.unread = sorted(awaited(ws)), list(unread_files(ws, person))
    erased.named = _lists_named_so(ws, person)
    log.info("erased lists=%d rows=%d cells=%d", len(erased.list_keys), erased.rows, erased.cells)
    return erased


def _lists_named_so(ws: Workspace, person: Person) -> list[str]:
    """Lists whose file's name or purpose holds a number."""
    lists = ws.ledger.lists()
    files, purposes = (pa.array(each, pa.string()) for each in ([each.file for each in lists], [each.purpose for each in lists]))
    is_named = pc.or_(person.holds(files), person.holds(purposes)).to_pylist()
    return [each.list_key for each, is_so in zip(lists, is_named, strict=True) if is_so]


def _pass(ws: Workspace, person: Person, rejoin: Rejoin, erased: Erased, clean: _Clean) -> bool:
    """Erase what a look at everything finds that no pass before found clean as it is now; False where it found nothing."""
    found = erase_from_chunks(ws, person.phones) | _erase_from_results(ws, person, clean)
    for phone_list in ws.ledger.lists():
        found |= _erase_from(ws, phone_list, person, rejoin, erased, clean)
    for list_key in _lists_with_hashes(ws):
        rejoin(ws, list_key)
        found = True
    for kind in TABLES:
        for each in ws.storage.files(kind.folder):
            name = f"{kind.folder}/{each.name}"
            if clean.get(name) == [each]:
                continue
            try:
                is_held = has_person(ws, name, person)
            except StorageError:  # replaced meanwhile, and its place was not looked at
                found |= not ws.storage.exists(name)
                continue
            if not is_held:
                clean[name] = [each]
            elif kind in _OF_VERDICTS:
                remake_verdict_tables(ws)
                found = True
            else:
                rewrite(ws, name, person)
                found = True
    return found


def _erase_from_results(ws: Workspace, person: Person, clean: _Clean) -> bool:
    """Delete kept results that name a phone which their chunk never had, or that no chunk has; what holds a chunk's answer stays."""
    unused = {
        kind.of(each.task_id) for each in ws.ledger.chunks_named(awaited(ws)) if each.task_id for kind in paths.RESULT_FILES
    }
    found = False
    for folder in {kind.folder for kind in paths.RESULT_FILES}:
        for file in ws.storage.files(folder):
            path = f"{folder}/{file.name}"
            if path in unused or clean.get(path) == [file]:
                continue
            if any(person.is_in_text(each) for each in contents(ws.storage.read_bytes(path))):
                found |= ws.storage.delete(path)
            else:
                clean[path] = [file]
    return found


def _lists_with_hashes(ws: Workspace) -> list[str]:
    """Lists whose lineage shows hashes of results that phones were erased from, which may be other lists'."""
    tasks = {each.chunk_key: each.task_id for each in ws.ledger.erased_chunks()}
    names = {key for keys in ws.ledger.lists_of_chunks(tasks).values() for key in keys}
    return [key for key in sorted(names) if _shows_hashes(ws, key, set(tasks.values()))]


def _shows_hashes(ws: Workspace, list_key: str, task_ids: Collection[str | None]) -> bool:
    name = paths.LINEAGE.of(list_key)
    shown = json.loads(ws.storage.read_bytes(name))["tasks"] if ws.storage.exists(name) else []
    return any(each["result_sha256"] and each["task_id"] in task_ids for each in shown)


def _erase_from(ws: Workspace, phone_list: PhoneList, person: Person, rejoin: Rejoin, erased: Erased, clean: _Clean) -> bool:
    key, taken = phone_list.list_key, paths.taken_file(phone_list.list_key, phone_list.file)
    files = [ws.storage.file(each) for each in (paths.RAW_PHONES.of(key), paths.E164_PHONES.of(key), taken)]
    if clean.get(key) == files and phone_list.sha256 != ERASED:  # a result may be stale though these stay as they are
        return False
    in_list = find_in_list(ws, phone_list, person)
    if not in_list:
        was_read = files[0] is not None
        if was_read and mentions(ws, taken, person):  # where no cell of a row is: it was read, and is needed no more
            ws.ledger.note_list_erased(key, erased=phone_list.erased, reading={})
            return ws.storage.delete(taken)
        clean[key] = files
        return False
    try:
        erase_from_list(ws, phone_list, person, in_list, rejoin)
        erased.problems.pop(key, None)
    except StorageError as error:  # the other lists go on; the next pass tries it once more
        is_known = erased.problems.get(key) == str(error)
        erased.problems[key] = str(error)
        if is_known:
            return False
    erased.list_keys += [key] if key not in erased.list_keys else []
    erased.rows, erased.cells = erased.rows + in_list.rows, erased.cells + in_list.cells
    return True


def purge_emptied(ws: Workspace) -> list[str]:
    """Purge lists that have no phone since somebody was erased from them, unless the vendor has something of theirs; their keys."""
    purged = list[str]()
    for each in emptied_lists(ws):
        with suppress(OperatorError):
            purged += purge(ws, older_than_days=None, list_key=each.list_key).list_keys
    return purged
