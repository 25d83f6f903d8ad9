"""Columns on their way to Arrow: how a producer hands over a table without building a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from shared.schema import Column, arrow_schema, columns_of

if TYPE_CHECKING:
    import pyarrow as pa


@runtime_checkable
class CodedColumn(Protocol):
    """Text of few values: `names[code]` a row, code -1 for null. The engine's `Coded` is one."""

    @property
    def codes(self) -> Any: ...  # an int32 numpy array; numpy is not named here to keep this import light
    @property
    def names(self) -> Sequence[str]: ...


def to_arrow(table: str, columns: Mapping[str, Any], extra: Sequence[str] = ()) -> pa.Table:
    """Build an Arrow table of the schema `table` from columns by name.

    A value is a numpy array, a list, or a CodedColumn. NaN in a nullable float column becomes null.
    Raises ValueError where the columns are not exactly the schema's, or a required float is not finite.
    """
    import pyarrow as pa

    wanted = columns_of(table, extra)
    names = [column.name for column in wanted]
    if set(columns) != set(names):
        missing, unknown = set(names) - set(columns), set(columns) - set(names)
        raise ValueError(f"table {table}: missing columns {sorted(missing)}, unknown {sorted(unknown)}")
    schema = arrow_schema(table, tuple(extra))
    arrays = [_array(table, column, columns[column.name], schema) for column in wanted]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(table: str, column: Column, values: Any, schema: pa.Schema) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = schema.field(column.name).type
    if isinstance(values, CodedColumn):
        codes = pa.array(values.codes, pa.int32(), mask=values.codes < 0)
        array = pa.DictionaryArray.from_arrays(codes, pa.array(list(values.names), pa.string())).cast(wanted)
    else:
        nan_is_null = column.kind == "float" and column.nullable
        array = pa.array(values, wanted, from_pandas=nan_is_null)
    if not column.nullable and array.null_count:
        raise ValueError(f"table {table}: column {column.name} has {array.null_count} missing values")
    required = column.kind == "float" and not column.nullable and len(array) > 0
    if required and not pc.all(pc.is_finite(array)).as_py():
        raise ValueError(f"table {table}: column {column.name} has a value that is not finite")
    return array
