"""A result with labels that have no meaning, as a person meets it on the command line."""

from pathlib import Path

from tests.fake_vendor import FakeVendor, ResultShape
from tests.integration.cli.fbcheck import Fbcheck, swiss, write_list


def test_strange_labels_are_told_and_accepted(fbcheck: Fbcheck, vendor: FakeVendor, tmp_path: Path) -> None:
    """`status` tells the words and the command, no phone; nothing is bought again, before or after."""
    vendor.shape = ResultShape(labels={"yes": "belki", "no": "belki", "ban": "belki"})
    path = str(write_list(tmp_path / "a.csv", [swiss(number) for number in range(12)]))
    assert fbcheck("run", path, "--json", "--timeout", "6")[0] != 0
    _, document, _ = fbcheck("status", "--json")
    (chunk,) = document["chunks"]
    code, _, err = fbcheck("status")
    said = " ".join(fbcheck.out.split())
    assert not err
    assert code == 0 and "'belki'" in said and f"fbcheck reconcile {chunk['chunk_key']} --accept" in said
    assert not any(swiss(number)[1:] in said for number in range(12))
    code, _, err = fbcheck("reconcile", chunk["chunk_key"], "--accept", "--resubmit")
    assert code == 2 and "exactly one of" in err
    code, _, err = fbcheck("reconcile", chunk["chunk_key"], "--accept")
    assert code == 0 and "is now collected" in fbcheck.out
    code, document, _ = fbcheck("run", path, "--json")
    assert document["lists"][0]["counts"]["undetermined"] == 12 and len(vendor.posts) == 1
