"""What a model read of the words, and what an audit says of their labels, as columns beside those of the manifest."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from htrdata.errors import BadDataError, SourceMissingError, StorageError, UsageError
from htrdata.files.arrow_files import open_for_arrow
from htrdata.files.regular import check_regular
from htrdata.store.browsing.table import WordTable

_NUMBERS = {"confidence": pa.float64(), "score": pa.float64(), "rank": pa.int64()}


def join_predictions(words: WordTable, path: Path, dataset: str) -> int:
    """Adds ``reading`` and, where the file has it, ``confidence``: null where a word was not read.

    Args:
        words: of the data set.
        path: CSV or Parquet with ``id`` or ``name``, ``text`` and perhaps ``confidence``, as `htrmodel predict --csv`
            and `htrmodel evaluate --save` write them.
        dataset: its name, which stands in names of words.

    Returns:
        How many words have a reading.

    Raises:
        HtrError: the file is missing, is no such table, or has no word of the data set.
    """
    table = _read(path, ("text",), ("id", "name", "split", "confidence"))
    return _join(words, path, table, dataset, {"text": "reading", "confidence": "confidence"}, "reading")


def join_audit(words: WordTable, path: Path, dataset: str) -> int:
    """Adds ``rank``, ``score`` and ``kind``, and ``reading`` where there is none yet: see `htrmodel audit`.

    Returns:
        How many words have a rank.

    Raises:
        HtrError: as `join_predictions`.
    """
    table = _read(path, ("rank",), ("id", "name", "split", "score", "kind", "reading", "confidence"))
    wanted = {name: name for name in ("rank", "score", "kind")}
    if "reading" not in words:
        wanted |= {"reading": "reading", "confidence": "confidence"}
    return _join(words, path, table, dataset, wanted, "rank")


def _read(path: Path, needed: tuple[str, ...], known: tuple[str, ...]) -> pa.Table:
    """The known columns of a table, texts as texts."""
    try:
        check_regular(path)
        names = _names(path)
        if missing := [name for name in needed if name not in names]:
            raise BadDataError(f"{path} has no column {missing[0]!r}: it has {', '.join(names)}")
        if not {"id", "name"} & set(names):
            raise BadDataError(f"{path} has neither a column id nor name: it has {', '.join(names)}")
        wanted = [name for name in (*needed, *known) if name in names]
        if path.suffix.lower() == ".parquet":
            table = pq.read_table(open_for_arrow(path), columns=wanted)
        else:
            table = pyarrow.csv.read_csv(
                open_for_arrow(path),
                parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), include_columns=wanted, strings_can_be_null=False
                ),
            )
        return _typed(table)
    except FileNotFoundError:
        raise SourceMissingError(f"there is no file {path}") from None
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise BadDataError(f"{path} cannot be read as a table ({error}): give CSV in UTF-8, or Parquet") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}") from error


def _names(path: Path) -> list[str]:
    ending = path.suffix.lower()
    if ending == ".parquet":
        names: list[str] = pq.read_schema(open_for_arrow(path)).names
    elif ending == ".csv":
        names = pyarrow.csv.open_csv(open_for_arrow(path)).schema.names
        names[:1] = [name.removeprefix("\ufeff") for name in names[:1]]
    else:
        raise UsageError(f"{path} ends neither in .csv nor in .parquet: that is how the format is told")
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadDataError(f"{path}: the column {twice[0]!r} stands twice")
    return names


def _typed(table: pa.Table) -> pa.Table:
    """Numbers as such: an empty text is none."""
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        if name in _NUMBERS and pa.types.is_string(column.type):
            empty = pc.equal(column, "")
            column = pc.if_else(empty, pa.scalar(None, pa.string()), column)
        table = table.set_column(place, name, column.cast(_NUMBERS.get(name, pa.string())))
    return table


def _join(words: WordTable, path: Path, table: pa.Table, dataset: str, wanted: dict[str, str], counted: str) -> int:
    """Adds columns of the table, by the ids of the words, or by names with data set, split and id."""
    ids, found = words.columns["id"], table.column_names
    if "id" not in found:
        prefix = f"{dataset}/"
        table = table.filter(pc.starts_with(table["name"], prefix))
        given = pc.utf8_slice_codeunits(table["name"], len(prefix))
        asked = pc.binary_join_element_wise(words.columns["split"].cast(pa.string()), ids, "/")
    elif "split" in found:
        given = pc.binary_join_element_wise(table["split"], table["id"], "/")
        asked = pc.binary_join_element_wise(words.columns["split"].cast(pa.string()), ids, "/")
    else:
        given, asked = table["id"], ids
    given = given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given
    if pc.count_distinct(given).as_py() != len(given):
        raise BadDataError(f"{path} has a word twice: give one line per word")
    places = pc.index_in(asked, value_set=given)
    joined = {
        name: pa.chunked_array(table[column].combine_chunks().take(places))
        for column, name in wanted.items()
        if column in found
    }
    words.join(joined)
    count = len(places) - places.null_count
    if not count:
        raise BadDataError(f"{path} has no word of {dataset}: is it of another data set?")
    return count if counted in joined else 0
