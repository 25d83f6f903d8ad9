"""Strategies that users keep: one owner's documents by id, every version immutable.

A strategy is a head item, which lists show and which says what the newest version is, and one item for each
version; both name the document's object in the store, so no list ever reads a document. A version is written
in one transaction with the head that it replaces: of two writers that began at the same version, one wins.
The object goes first, under the hash of its bytes: what a lost race leaves behind is unused, never wrong.

Deleting hides the head. The versions stay readable, because runs name them, and an id that is used again goes
on counting where it stopped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from shared import names
from shared.errors import IdTakenError, InvalidInputError, Issue, NotFoundError, StaleVersionError
from shared.identifiers import body_hash, content_hash
from shared.store import ObjectStore
from shared.strategies import parse
from shared.table import ConditionFailed, Table
from shared.times import stamp

if TYPE_CHECKING:
    from engine import Strategy

MAX_DESCRIPTION = 200  # of the line that a list shows


@dataclass(frozen=True, slots=True)
class SavedStrategy:
    """One version of a strategy as the index holds it; the newest one is the strategy's head."""

    owner: str
    strategy_id: str
    version: int
    name: str
    description: str  # its first line
    defaults: str  # JSON of the parameters' defaults: DynamoDB cannot hold every float
    saved_at: str
    strategy_hash: str  # of what the document says
    document_key: str
    deleted_at: str | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> SavedStrategy:
        return cls(**{field.name: item[field.name] for field in fields(cls) if field.name in item})

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the parameters' defaults by name."""
        found: dict[str, Any] = json.loads(self.defaults)
        return found


class SavedStrategies:
    def __init__(self, table: Table, store: ObjectStore) -> None:
        self._table = table
        self._store = store

    def create(
        self, owner: str, document: Mapping[str, Any], strategy_id: str | None = None
    ) -> tuple[SavedStrategy, bool]:
        """Keep a document under an id that is free; return it and whether this call made it.

        Where the newest version of that id says the same, it is the answer: the request came twice.
        Raises InvalidInputError for a document that cannot be run or an id that cannot be had, IdTakenError
        for an id that is taken.
        """
        strategy, strategy_id = _checked(document, strategy_id)
        head = self._head(owner, strategy_id)
        if head is None or head.deleted_at is not None:
            try:
                return self._write(owner, strategy_id, document, strategy, head), True
            except ConditionFailed:
                head = self._live(owner, strategy_id)
        if head.strategy_hash == body_hash(document):
            return head, False
        raise IdTakenError(
            f"there is a strategy {strategy_id!r} already, at version {head.version}; PUT "
            f"/strategies/{strategy_id} saves the next version of it, another `id` a strategy of its own",
            strategy_id,
            head.version,
        )

    def update(
        self, owner: str, strategy_id: str, document: Mapping[str, Any], if_version: int | None = None
    ) -> SavedStrategy:
        """Make a document the next version and return it; one that says nothing new writes nothing.

        Raises NotFoundError, InvalidInputError, and StaleVersionError where the newest version is not
        `if_version` or another writer came first.
        """
        head = self._live(owner, strategy_id)
        strategy = parse(document, {})
        digest = body_hash(document)
        if head.strategy_hash == digest:
            return head
        if if_version in (None, head.version):
            try:
                return self._write(owner, strategy_id, document, strategy, head)
            except ConditionFailed:
                head = self._live(owner, strategy_id)
                if head.strategy_hash == digest:
                    return head
        raise StaleVersionError(
            f"strategy {strategy_id!r} was changed by somebody else; it is at version {head.version}: read "
            "that, put your change into it and send it with that as `if_version`",
            head.version,
        )

    def get(self, owner: str, strategy_id: str, version: int | None = None) -> SavedStrategy:
        """Return the newest version, or one by number, which a deletion does not hide.

        Raises NotFoundError.
        """
        if version is None:
            return self._live(owner, strategy_id)
        item = None
        if names.STRATEGY_ID.fullmatch(strategy_id):
            key = names.strategy_version_key(strategy_id, version)
            item = self._table.get(names.owner_key(owner), key)
        if item is None:
            head = self._head(owner, strategy_id)
            hint = f"; the newest is {head.version}" if head else ""
            raise NotFoundError(f"there is no version {version} of a strategy {strategy_id[:60]!r}{hint}")
        return SavedStrategy.from_item(item)

    def document(self, saved: SavedStrategy) -> dict[str, Any]:
        """Return a version's document, its fields in the order in which they were sent."""
        return self._store.get_json(saved.document_key)

    def newest(
        self, owner: str, *, limit: int, cursor: str | None = None
    ) -> tuple[list[SavedStrategy], str | None]:
        """Return one page of an owner's strategies, the last changed first, and the next page's cursor."""
        page = self._table.newest(names.strategies_listing(owner), limit=limit, cursor=cursor)
        return [SavedStrategy.from_item(item) for item in page.items], page.cursor

    def versions(
        self, owner: str, strategy_id: str, *, limit: int, before: int | None = None
    ) -> list[SavedStrategy]:
        """Return up to `limit` versions below `before`, newest first, of a deleted one too.

        Raises NotFoundError. Versions count from 1 without a gap.
        """
        head = self._head(owner, strategy_id)
        if head is None:
            raise NotFoundError(_missing(strategy_id))
        last = head.version if before is None else min(before - 1, head.version)
        first = max(1, last - limit + 1)
        if last < first:
            return []
        ends = (names.strategy_version_key(strategy_id, version) for version in (first, last))
        items = self._table.between(names.owner_key(owner), *ends)
        return [SavedStrategy.from_item(item) for item in reversed(items)]

    def delete(self, owner: str, strategy_id: str) -> None:
        """Hide a strategy. Raises NotFoundError for one that is not there or hidden already."""
        self._live(owner, strategy_id)
        try:
            self._table.update(
                *_keys(owner, strategy_id),
                changes={"deleted_at": stamp(), "gsi1pk": None, "gsi1sk": None},
                condition="attribute_exists(pk) AND attribute_not_exists(#deleted_at)",
            )
        except ConditionFailed:
            raise NotFoundError(_missing(strategy_id)) from None

    def _head(self, owner: str, strategy_id: str) -> SavedStrategy | None:
        if not names.STRATEGY_ID.fullmatch(strategy_id):
            return None
        item = self._table.get(*_keys(owner, strategy_id))
        return None if item is None else SavedStrategy.from_item(item)

    def _live(self, owner: str, strategy_id: str) -> SavedStrategy:
        head = self._head(owner, strategy_id)
        if head is None:
            raise NotFoundError(_missing(strategy_id))
        if head.deleted_at is not None:
            raise NotFoundError(
                f"strategy {strategy_id!r} was deleted; versions 1 to {head.version} can be had by number"
            )
        return head

    def _write(
        self,
        owner: str,
        strategy_id: str,
        document: Mapping[str, Any],
        strategy: Strategy,
        head: SavedStrategy | None,
    ) -> SavedStrategy:
        """Write the version after `head` if that is the head still. Raises ConditionFailed."""
        import orjson

        # As it was sent, not in canonical order: who reads it again finds the fields where they were put.
        body = orjson.dumps(document)
        key = names.strategy_document(owner, strategy_id, content_hash(body))
        self._store.put(key, body, "application/json")
        lines = strategy.description.strip().splitlines()
        saved = SavedStrategy(
            owner=owner,
            strategy_id=strategy_id,
            version=1 if head is None else head.version + 1,
            name=strategy.name,
            description=_shortened(lines[0]) if lines else "",
            defaults=json.dumps(dict(strategy.parameters)),
            saved_at=stamp(),
            strategy_hash=body_hash(document),
            document_key=key,
        )
        values = {field.name: getattr(saved, field.name) for field in fields(saved)}
        pk, sk = _keys(owner, strategy_id)
        listing = {
            "gsi1pk": names.strategies_listing(owner),
            "gsi1sk": f"{saved.saved_at}#{strategy_id}",
        }
        condition, known = "attribute_not_exists(pk)", {}
        if head is not None:
            there = "attribute_exists" if head.deleted_at is not None else "attribute_not_exists"
            condition, known = f"#version = :old AND {there}(#deleted_at)", {"old": head.version}
        self._table.put_together(
            {"pk": pk, "sk": names.strategy_version_key(strategy_id, saved.version), **values},
            {"pk": pk, "sk": sk, **values, **listing},
            condition=condition,
            values=known,
        )
        return saved


def _checked(document: Mapping[str, Any], strategy_id: str | None) -> tuple[Strategy, str]:
    """Return the parsed document and its id. Raises InvalidInputError with what is wrong with either."""
    import engine

    issues: list[Issue] = []
    strategy = None
    try:
        strategy = parse(document, {})
    except InvalidInputError as error:
        issues.extend(error.issues)
    if strategy_id is None and strategy is not None:
        strategy_id = re.sub(r"[^a-z0-9]+", "_", strategy.name.lower()).strip("_")[:48] or None
        if strategy_id is None:
            message = f"cannot be made of the name {strategy.name!r}; send one, such as 'my_strategy'"
            issues.append(Issue("id", message))
    if strategy_id is not None and not names.STRATEGY_ID.fullmatch(strategy_id):
        message = "is not an id; write up to 48 small letters, digits, _ and -, such as 'my_cross'"
        issues.append(Issue("id", message, strategy_id[:60]))
    elif strategy_id in engine.preset_ids():
        message = f"is the id of a preset; send another, such as 'my_{strategy_id}'"
        issues.append(Issue("id", message, strategy_id))
    if issues or strategy is None or strategy_id is None:
        raise InvalidInputError(issues)
    return strategy, strategy_id


def _missing(strategy_id: str) -> str:
    return f"there is no strategy {strategy_id[:60]!r}"


def _shortened(line: str) -> str:
    return line if len(line) <= MAX_DESCRIPTION else line[: MAX_DESCRIPTION - 1] + "…"


def _keys(owner: str, strategy_id: str) -> tuple[str, str]:
    return names.owner_key(owner), names.strategy_key(strategy_id)
