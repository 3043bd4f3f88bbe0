"""The how-tos that need neither a cluster nor a real vendor, done."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from fbcheck_pipeline.sandbox import Sandbox, verdict_of
from tests.fake_vendor import FakeVendor
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list
from tests.integration.docs.shell import filled_in, run_blocks
from tests.unit.docs.pages import DOCS, blocks

HOW_TO = DOCS / "how-to"


def ours(fbcheck: Fbcheck) -> dict[str, str]:
    """The settings that point at the vendor and the data of a test."""
    return {name: value for name, value in fbcheck.environment.items() if name.startswith("FBCHECK_")}


def test_the_real_key_page_leads_to_results(tmp_path: Path) -> None:
    """With a sandbox behind the address, and the page's own `.env`."""
    folder = tmp_path / "here"
    folder.mkdir()
    answered = [number for number in map(swiss, range(1, 200)) if verdict_of(number)]
    write_list(folder / "customers.csv", answered[:150])
    page = (HOW_TO / "real-key.md").read_text()
    (env,) = [block.text for block in blocks(page) if block.language == "ini"]
    with Sandbox() as sandbox:
        env = env.replace("/var/lib/fbcheck/data", str(folder / "data")).replace("THE_KEY", "sandbox")
        (folder / ".env").write_text(f"{env}FBCHECK_API_URL={sandbox.url}\nFBCHECK_POLL_SECONDS=0.2\n")
        run_blocks(blocks(page), folder)
        assert sandbox.accepted()["phones"] == 150 and sandbox.accepted()["most_per_phone"] == 1
    assert (folder / ".env").stat().st_mode & 0o077 == 0


def test_each_decision_of_the_reconcile_page_is_taken(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """On chunks whose answer was lost, one decision each."""
    vendor.script += ["accept_then_cut"] * 3
    vendor.hold = True
    path = str(write_list(tmp_path / "a.csv", [swiss(n) for n in (1, 2, 3)]))
    assert fbcheck("run", path, "--json", CHUNK_SIZE="1")[0] == 3
    lost = fbcheck("status", "--json")[1]["chunks"]
    assert [each["state"] for each in lost] == ["unconfirmed"] * 3
    decisions = blocks((HOW_TO / "reconcile.md").read_text())[: len(lost)]
    task = next(iter(vendor.tasks))
    asked = [
        filled_in([decision], {"CHUNK_KEY": chunk["chunk_key"], " ID ": f" {task} "})
        for decision, chunk in zip(decisions, lost, strict=True)
    ]
    run_blocks(chain(*asked), tmp_path, **ours(fbcheck))
    states = {each["chunk_key"]: each["state"] for each in fbcheck("status", "--json")[1]["chunks"]}
    assert [states[each["chunk_key"]] for each in lost] == ["submitted", "planned", "abandoned"]


def test_the_purge_page_keeps_opt_outs_and_deletes_what_is_old(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """Its commands as they stand; a list joined just now stays, and an opt-out that is taken back is bought."""
    write_list(tmp_path / "opt-outs.csv", [swiss(1)])
    write_list(tmp_path / "a.csv", [swiss(1), swiss(2)])
    suppress, undo, purge, purge_one = blocks((HOW_TO / "purge-and-suppress.md").read_text())
    run_blocks([suppress], tmp_path, **ours(fbcheck))
    code, document, err = fbcheck("run", str(tmp_path / "a.csv"), "--json")
    assert (code, document["lists"][0]["counts"]["suppressed"]) == (0, 1), err
    run_blocks([purge], tmp_path, **ours(fbcheck))
    assert Path(document["lists"][0]["results"]).exists() and list(vendor.accepted) == [swiss(2)]
    run_blocks(filled_in([purge_one], {"LIST_KEY": document["lists"][0]["list_key"]}), tmp_path, **ours(fbcheck))
    assert not Path(document["lists"][0]["results"]).exists()
    run_blocks([undo], tmp_path, **ours(fbcheck))
    assert fbcheck("run", str(tmp_path / "a.csv"), "--json")[0] == 0 and vendor.most_per_phone == 1
    assert sorted(vendor.accepted) == sorted([swiss(1), swiss(2)])
