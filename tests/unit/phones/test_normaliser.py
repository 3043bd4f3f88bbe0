"""Batches in, batches out: no row is lost, columns and their order stay, dictionaries are constant, cells keep their place."""

from __future__ import annotations

import gc
import weakref

import pyarrow as pa
import pytest

from fbcheck_pipeline.phones import Normaliser
from fbcheck_pipeline.phones.phone_reader import PhoneReader
from fbcheck_pipeline.results.lineage import versions

TWO = "0532 123 45 67 / 0212 555 12 34"


def raw_phones(
    cells: list[str | None],
    *,
    source_rows: list[int] | None = None,
    columns: list[str] | None = None,
    **source: list[str | None],
) -> pa.RecordBatch:
    """A batch as the reader of lists makes it."""
    rows = source_rows or list(range(1, len(cells) + 1))
    index = [place - rows.index(row) if source_rows else 0 for place, row in enumerate(rows)]
    data = {name: pa.array(values, pa.string()) for name, values in (source or {"name": ["n"] * len(cells)}).items()}
    data["source_row"] = pa.array(rows, pa.int64())
    data["phone_index"] = pa.array(index, pa.int16())
    data["phone_column"] = pa.array(columns or ["phone"] * len(cells), pa.string())
    data["phone_raw"] = pa.array(cells, pa.string())
    return pa.record_batch(data)


def test_a_row_comes_out_for_every_phone_with_all_its_columns() -> None:
    """A cell of two numbers gives two rows; the raw text is the whole cell in both."""
    batch = raw_phones(["0532 123 45 67", TWO, "yok", None], name=["a", "b", "c", None])
    out = Normaliser("TR").normalise(batch)
    assert out.cast(schema := Normaliser.output_schema(batch.schema)).schema == schema
    assert out.column("name").to_pylist() == ["a", "b", "b", "c", None]
    assert out.column("phone_raw").to_pylist() == ["0532 123 45 67", TWO, TWO, "yok", None]
    assert out.column("phone_e164").to_pylist() == ["+905321234567", "+905321234567", "+902125551234", None, None]
    assert out.column("reject_reason").to_pylist() == [None, None, None, "empty", "empty"]
    assert out.column("country").to_pylist() == ["TR", "TR", "TR", None, None]
    assert out.column("line_type").to_pylist() == ["mobile", "mobile", "fixed_line", None, None]


def test_phones_of_a_source_row_are_counted_through_its_cells() -> None:
    """`phone_index` is 0 for the first phone of a row, 1 for the next, whatever cell it stands in."""
    batch = raw_phones([TWO, "0532 123 45 67", TWO, "yok"], source_rows=[1, 1, 1, 2])
    assert Normaliser("TR").normalise(batch).column("phone_index").to_pylist() == [0, 1, 2, 3, 4, 0]


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5])
def test_phones_are_counted_through_batches(cut: int) -> None:
    """A source row's cells may lie in two batches, or in three."""
    batch = raw_phones(["yok", TWO, TWO, "0532 123 45 67", TWO, "yok"], source_rows=[1, 2, 2, 2, 2, 3])
    parts = [batch.slice(0, cut), batch.slice(cut, 0), batch.slice(cut, 1), batch.slice(cut + 1)]
    out = pa.Table.from_batches(Normaliser("TR").normalise_all(parts))
    assert out.column("phone_index").to_pylist() == [0, 0, 1, 2, 3, 4, 5, 6, 0]


def test_batches_come_out_in_order_and_errors_come_through() -> None:
    """What the reader raises must reach the caller, after the batches before it."""

    def batches():
        yield raw_phones(["05321234567"])
        yield raw_phones(["05331234567"])
        raise OSError("the list ends here")

    out = Normaliser("TR").normalise_all(batches())
    assert next(out).column("phone_e164").to_pylist() == ["+905321234567"]
    with pytest.raises(OSError, match="ends here"):
        list(out)


def test_a_batch_goes_when_it_is_normalised() -> None:
    """A list of any length takes the memory of the batch that is read ahead; the one before it is with the caller, normalised."""
    read = list[weakref.ref[pa.RecordBatch]]()

    def noted(batch: pa.RecordBatch) -> pa.RecordBatch:
        read.append(weakref.ref(batch))
        return batch

    batches = (noted(raw_phones(["05321234567", "yok"])) for _ in range(8))
    in_memory = [sum(each() is not None for each in read) for _ in Normaliser("TR").normalise_all(batches)]
    assert len(in_memory) == 8 and max(in_memory) <= 1


def test_a_batch_is_a_pure_function_of_its_cells() -> None:
    """What was normalised before changes nothing, compiled or not."""
    batch = raw_phones(["05321234567", "+49 30 123456", "41798284651", "x"] * 50)
    normaliser = Normaliser("DE")
    assert normaliser.normalise(batch).equals(normaliser.normalise(batch))


def test_no_rows_are_no_rows() -> None:
    """An empty batch keeps its schema."""
    batch = raw_phones(["05321234567"]).slice(0, 0)
    assert Normaliser("TR").normalise(batch).num_rows == 0
    assert [each.num_rows for each in Normaliser("TR").normalise_all([batch])] == [0]


def test_the_country_column_decides_row_by_row() -> None:
    """Names, codes and dialling codes; an empty cell is the list's region, an unknown word is nobody's."""
    batch = raw_phones(["(415) 555-2671", "030 123456", *["0532 123 45 67"] * 3], land=["USA", "49", "?", "", None])
    out = Normaliser("TR", region_column="land").normalise(batch)
    assert out.column("phone_e164").to_pylist() == ["+14155552671", "+4930123456", None, *["+905321234567"] * 2]
    assert out.column("reject_reason")[2].as_py() == "no_region"
    without = Normaliser(None, region_column="land").normalise(batch)
    assert without.column("reject_reason").to_pylist() == [None, None, *["no_region"] * 3]


def test_line_types_that_own_no_account_are_rejected_with_their_type_unless_allowed() -> None:
    """Asking about them is money for a useless row; a setting widens it."""
    batch = raw_phones(["0800 123 45 67", "08001234567", "0900 123 45 67"])
    out = Normaliser("TR").normalise(batch)
    assert out.column("reject_reason").to_pylist() == ["line_type_excluded"] * 3
    assert out.column("line_type").to_pylist() == ["toll_free", "toll_free", "premium_rate"]
    assert out.column("country").to_pylist() == ["TR"] * 3
    assert out.column("phone_e164").null_count == 3
    allowed = Normaliser("TR", extra_line_types=frozenset({"toll_free"})).normalise(batch)
    assert allowed.column("phone_e164").to_pylist() == ["+908001234567", "+908001234567", None]


@pytest.mark.parametrize("filler", ["+4917012345{:02}", "hello {}"])
def test_a_column_is_heard_by_itself(filler: str) -> None:
    """Two columns of one list may be written in two ways; cells that are not bare say nothing."""
    lost_plus = [f"9053212345{place:02}" for place in range(12)]
    national = [f"030123{place:02}" for place in range(12)]
    cells = [*lost_plus, "41798284651", *national, "41798284651", *(filler.format(place) for place in range(20))]
    batch = raw_phones(cells, columns=["a"] * 13 + ["b"] * 13 + ["a", "b"] * 10)
    normaliser = Normaliser("DE")
    normaliser.learn([batch])
    out = normaliser.normalise(batch)
    assert out.column("phone_e164")[12].as_py() == "+41798284651"
    assert out.column("phone_e164")[0].as_py() == "+905321234500"
    assert out.column("reject_reason")[25].as_py() == "ambiguous_international"


@pytest.mark.parametrize(
    ("voters", "opponents", "decides"), [(9, 0, False), (10, 0, True), (10, 1, True), (19, 2, False), (20, 2, True)]
)
def test_ten_votes_and_ten_to_one_decide(voters: int, opponents: int, decides: bool) -> None:
    """Fewer are chance."""
    cells = [f"9053212345{place:02}" for place in range(voters)] + [f"30123{place:02}4" for place in range(opponents)]
    normaliser = Normaliser("DE")
    normaliser.learn([raw_phones(cells)])
    out = normaliser.normalise(raw_phones(["41798284651"]))
    assert out.column("phone_e164").to_pylist() == ["+41798284651" if decides else None]


def test_a_column_of_order_numbers_is_no_column_of_numbers_from_abroad() -> None:
    """One in twelve is some country's number: read so, all of these would be strangers."""
    cells = [f"ORD-{number}" for number in range(39071400, 39071500)] + [f"ORD-{number}" for number in range(18724000, 18724200)]
    normaliser = Normaliser("TR")
    normaliser.learn([raw_phones(cells)])
    assert normaliser.normalise(raw_phones([*cells, "39071478"])).column("phone_e164").null_count == len(cells) + 1


def test_learning_reads_no_further_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of ten million rows is not read twice, and of the last batch that is heard only the cells that count are looked at."""
    batch, empty = raw_phones(["05321234567"] * 60_000), raw_phones([])
    taken, asked, votes = list[int](), list[int](), PhoneReader.votes
    monkeypatch.setattr(
        PhoneReader, "votes", lambda self, texts, regions: asked.append(len(texts)) or votes(self, texts, regions)
    )
    Normaliser("TR").learn(taken.append(place) or (batch if place else empty) for place in range(5))
    assert taken == [0, 1, 2] and asked == [0, 60_000, 40_000]


def test_the_version_of_the_metadata_is_known() -> None:
    """It decides which numbers are valid."""
    assert str(versions()["phonenumbers"]).count(".") == 2


def test_a_normaliser_that_is_let_go_is_gone() -> None:
    """Each list has its own, with megabytes of look-up tables: a night of lists once held gigabytes until garbage was looked for."""
    normaliser = Normaliser("TR")
    normaliser.normalise(raw_phones(["0532 123 45 67", "yok"] * 100))
    gone = weakref.ref(normaliser._reader.asker.fast_path)
    gc.disable()
    try:
        del normaliser
        assert gone() is None
    finally:
        gc.enable()
