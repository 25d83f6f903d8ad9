"""The one DynamoDB table: conditional writes and queries, with errors in Stepfold's words."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared import names
from shared.errors import InvalidInputError, Issue
from shared.items import from_item, to_attribute, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


# Seconds between attempts of a transaction that met another one; one takes a few hundredths.
_PAUSES = (0.02, 0.04, 0.08, 0.16)


class ConditionFailed(Exception):  # noqa: N818 - a signal between this module and the index, never shown
    """A conditional write was refused; `item` is what stands there now, None if nothing does."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("the condition of a write was not met")
        self.item = item


@dataclass(frozen=True, slots=True)
class Page:
    items: tuple[dict[str, Any], ...]
    cursor: str | None


class Table:
    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self.name = name

    def get(self, pk: str, sk: str) -> dict[str, Any] | None:
        answer = self._client.get_item(
            TableName=self.name, Key=to_item({"pk": pk, "sk": sk}), ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def put_new(self, item: Mapping[str, object]) -> None:
        """Put an item that is not there yet. Raises ConditionFailed with the one that is."""
        try:
            self._client.put_item(
                TableName=self.name,
                Item=to_item(item),
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailed(_old(error)) from None

    def put(self, item: Mapping[str, object]) -> None:
        """Put an item in the place of whatever stands there."""
        self._client.put_item(TableName=self.name, Item=to_item(item))

    def put_together(
        self,
        new: Mapping[str, object],
        head: Mapping[str, object],
        *,
        condition: str,
        values: Mapping[str, object],
    ) -> None:
        """Put `new`, which is not there yet, and `head` where `condition` holds of what is there, or none.

        The condition names attributes and values as that of `update` does. Raises ConditionFailed with the
        head as it stands, with None where other writes of it were under way all the time.
        """
        names_of = {f"#{name}": name for name in re.findall(r"#(\w+)", condition)}
        bound = {f":{key}": to_attribute(value) for key, value in values.items()}
        writes: list[Any] = [
            {
                "TableName": self.name,
                "Item": to_item(head),
                "ConditionExpression": condition,
                **({"ExpressionAttributeNames": names_of} if names_of else {}),
                **({"ExpressionAttributeValues": bound} if bound else {}),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            },
            {
                "TableName": self.name,
                "Item": to_item(new),
                "ConditionExpression": "attribute_not_exists(pk)",
            },
        ]
        for pause in _PAUSES:
            try:
                self._client.transact_write_items(TransactItems=[{"Put": write} for write in writes])
            except self._client.exceptions.TransactionCanceledException as error:
                reasons = error.response.get("CancellationReasons", [])
                codes = {reason.get("Code") for reason in reasons}
                if "ConditionalCheckFailed" in codes:
                    there = reasons[0].get("Item")
                    raise ConditionFailed(from_item(there) if there else None) from None
                if "TransactionConflict" not in codes:
                    raise
                # Another transaction holds the items; once it is through, the condition says who was first.
                time.sleep(pause)
            else:
                return
        raise ConditionFailed(None)

    def update(
        self,
        pk: str,
        sk: str,
        changes: Mapping[str, object],
        *,
        condition: str = "attribute_exists(pk)",
        values: Mapping[str, object] | None = None,
        raises: str | None = None,
    ) -> dict[str, Any]:
        """Set attributes (None removes one) where `condition` holds; return the whole item after.

        `raises` names a number that goes up by one with it.

        The condition may name attributes as `#name` and the entries of `values` as `:name`.
        Raises ConditionFailed with the item as it stands.
        """
        sets = {key: value for key, value in changes.items() if value is not None}
        removes = [key for key, value in changes.items() if value is None]
        expression = []
        setting = [f"#{key} = :new_{key}" for key in sets]
        bound: dict[str, Any] = {}
        if raises is not None:
            setting.append(f"#{raises} = if_not_exists(#{raises}, :raised_from) + :raised_by")
            bound |= {":raised_from": to_attribute(0), ":raised_by": to_attribute(1)}
        if setting:
            expression.append("SET " + ", ".join(setting))
        if removes:
            expression.append("REMOVE " + ", ".join(f"#{key}" for key in removes))
        named = [*changes, *re.findall(r"#(\w+)", condition), *([raises] if raises else [])]
        attributes = {f"#{name}": name for name in named}
        bound |= {f":new_{key}": to_attribute(value) for key, value in sets.items()}
        bound |= {f":{key}": to_attribute(value) for key, value in (values or {}).items()}
        try:
            answer = self._client.update_item(
                TableName=self.name,
                Key=to_item({"pk": pk, "sk": sk}),
                UpdateExpression=" ".join(expression),
                ConditionExpression=condition,
                ExpressionAttributeNames=attributes,
                **({"ExpressionAttributeValues": bound} if bound else {}),  # type: ignore[arg-type]
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailed(_old(error)) from None
        return from_item(answer["Attributes"])

    def change(
        self,
        pk: str,
        sk: str,
        expression: str,
        condition: str,
        attributes: Mapping[str, str],
        values: Mapping[str, object],
    ) -> None:
        """Carry out an update expression where `condition` holds: for what lies inside of an attribute.

        `attributes` are what the names stand for (`#name`), `values` by their name (`:name`).
        Raises ConditionFailed with the item as it stands.
        """
        bound = {f":{key}": to_attribute(value) for key, value in values.items()}
        try:
            self._client.update_item(
                TableName=self.name,
                Key=to_item({"pk": pk, "sk": sk}),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames=attributes,
                **({"ExpressionAttributeValues": bound} if bound else {}),  # type: ignore[arg-type]
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConditionFailed(_old(error)) from None

    def delete(self, pk: str, sk: str) -> None:
        self._client.delete_item(TableName=self.name, Key=to_item({"pk": pk, "sk": sk}))

    def take(self, pk: str, sk: str) -> dict[str, Any] | None:
        """Delete an item and return it; of several callers one gets it, the others None."""
        answer = self._client.delete_item(
            TableName=self.name, Key=to_item({"pk": pk, "sk": sk}), ReturnValues="ALL_OLD"
        )
        return from_item(answer["Attributes"]) if "Attributes" in answer else None

    def last(self, pk: str, after_sk: str, limit: int) -> tuple[list[dict[str, Any]], bool]:
        """Return the last items of a partition behind a sort key, in order, and whether there are more."""
        answer = self._client.query(
            TableName=self.name,
            KeyConditionExpression="pk = :pk AND sk > :after",
            ExpressionAttributeValues={":pk": to_attribute(pk), ":after": to_attribute(after_sk)},
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=limit,
        )
        items = [from_item(item) for item in answer["Items"]]
        return items[::-1], "LastEvaluatedKey" in answer

    def newest(
        self,
        partition: str,
        *,
        limit: int,
        cursor: str | None = None,
        filters: Sequence[tuple[str, str, object]] = (),
    ) -> Page:
        """Return one page of the listing index, newest first.

        `filters` are (attribute, `=` or `contains`, value). They thin out what is read, so a page may need
        several queries; at most 20 are made, then the page ends with a cursor that goes on.
        """
        wanted: list[dict[str, Any]] = []
        start = _decode_cursor(cursor, partition)
        for _ in range(20):
            arguments: dict[str, Any] = {}
            if filters:
                arguments["FilterExpression"] = " AND ".join(
                    f"contains(#f{i}, :f{i})" if operator == "contains" else f"#f{i} = :f{i}"
                    for i, (_, operator, _) in enumerate(filters)
                )
                arguments["ExpressionAttributeNames"] = {
                    f"#f{i}": name for i, (name, _, _) in enumerate(filters)
                }
            if start is not None:
                arguments["ExclusiveStartKey"] = to_item(start)
            answer = self._client.query(
                TableName=self.name,
                IndexName=names.LISTING_INDEX,
                KeyConditionExpression="gsi1pk = :partition",
                ExpressionAttributeValues={
                    ":partition": to_attribute(partition),
                    **{f":f{i}": to_attribute(value) for i, (_, _, value) in enumerate(filters)},
                },
                ScanIndexForward=False,
                Limit=limit if not filters else max(limit, 100),
                **arguments,
            )
            wanted.extend(from_item(item) for item in answer["Items"])
            start = from_item(answer["LastEvaluatedKey"]) if "LastEvaluatedKey" in answer else None
            if start is None or len(wanted) >= limit:
                break
        if len(wanted) > limit:
            start = {key: wanted[limit - 1][key] for key in ("pk", "sk", "gsi1pk", "gsi1sk")}
        return Page(tuple(wanted[:limit]), _encode_cursor(start))

    def prefix(self, pk: str, sk_prefix: str) -> list[dict[str, Any]]:
        """Return every item of one owner whose sort key begins so, in the order of the key."""
        return self._of_owner(pk, "begins_with(sk, :prefix)", {"prefix": sk_prefix})

    def between(self, pk: str, first_sk: str, last_sk: str) -> list[dict[str, Any]]:
        """Return the items of one owner with sort keys from `first_sk` to `last_sk`, both inclusive."""
        return self._of_owner(pk, "sk BETWEEN :first AND :last", {"first": first_sk, "last": last_sk})

    def _of_owner(self, pk: str, condition: str, values: Mapping[str, str]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        pages = self._client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression=f"pk = :pk AND {condition}",
            ExpressionAttributeValues={
                ":pk": to_attribute(pk),
                **{f":{key}": to_attribute(value) for key, value in values.items()},
            },
            ConsistentRead=True,
        )
        for page in pages:
            items.extend(from_item(item) for item in page["Items"])
        return items

    def active(self, partition: str, before: str) -> list[dict[str, Any]]:
        """Return what the reconciling schedule must look at: items of the partition older than `before`."""
        items: list[dict[str, Any]] = []
        pages = self._client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=names.ACTIVE_INDEX,
            KeyConditionExpression="gsi2pk = :partition AND gsi2sk < :before",
            ExpressionAttributeValues={
                ":partition": to_attribute(partition),
                ":before": to_attribute(before),
            },
        )
        for page in pages:
            items.extend(from_item(item) for item in page["Items"])
        return items


def _old(error: Any) -> dict[str, Any] | None:
    item = error.response.get("Item")
    return from_item(item) if item else None


def cursor_after(sk: str, gsi1sk: str) -> str:
    """Return the cursor with which a listing goes on after one item."""
    # The partition and the owner stay out: they come from the reader's own token, not from the cursor.
    return base64.urlsafe_b64encode(json.dumps([sk, gsi1sk]).encode()).decode()


def _encode_cursor(key: Mapping[str, Any] | None) -> str | None:
    return None if key is None else cursor_after(key["sk"], key["gsi1sk"])


def _decode_cursor(cursor: str | None, partition: str) -> dict[str, Any] | None:
    if cursor is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, RecursionError, binascii.Error):
        key = None
    if not (isinstance(key, list) and len(key) == 2 and all(_is_key(part) for part in key)):
        raise InvalidInputError(
            [Issue("cursor", "is not a cursor of this list; send the `next_cursor` of its last page")]
        )
    sk, gsi1sk = key
    owner = partition.split("#", 1)[1]
    return {"pk": names.owner_key(owner), "sk": sk, "gsi1pk": partition, "gsi1sk": gsi1sk}


def _is_key(part: object) -> bool:
    """Tell whether a part of a cursor may stand in a key: DynamoDB refuses what is long or no text."""
    return isinstance(part, str) and part.isascii() and 0 < len(part) <= 200
