"""Proofs of rows, kept in step with every way by which Django writes them.

A new row is proved from what is written. A row that changes is proved from what then stands in the database,
in the same transaction: an instance in memory may be older than its row.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection, models, transaction
from django.db.models.signals import pre_delete

from lachan.kernel.sealing.proofs import Held

from .records import RowUnproved
from .tally import present_prover, tally_change

_AT_ONCE = 500
_Model = TypeVar("_Model", bound=type[models.Model])


@dataclasses.dataclass(frozen=True, slots=True)
class Proved:
    """A kind of row that is proved.

    Attributes:
        fields: attribute names; of a foreign key `organisation__uid`, else rows could change places under it.
        unless: which rows something else holds; written past this, they carry no proof.
    """

    kind: str
    model: type[models.Model]
    fields: tuple[str, ...]
    unless: models.Q | None
    # Worked out once: each write and each look asks.
    facts: Callable[[models.Model], tuple[object, ...]]
    columns: tuple[frozenset[str], ...]

    def rows(self) -> "models.QuerySet[Any]":
        """All that are proved, or should be."""
        found = self.model._base_manager.all()
        return found.filter(~self.unless | models.Q(proof__isnull=False)) if self.unless else found


def _reader(fields: tuple[str, ...]) -> Callable[[models.Model], tuple[object, ...]]:
    """Reads a row's proved facts."""
    if not any("__" in name for name in fields):
        return attrgetter(*fields)
    ways = [name.split("__") for name in fields]
    return lambda row: tuple(
        reduce(_of, way[1:], getattr(row, way[0])) if len(way) > 1 else getattr(row, way[0])
        for way in ways
    )


def _of(row: Any, name: str) -> Any:
    return None if row is None else getattr(row, name)


def _names(model: type[models.Model], name: str) -> frozenset[str]:
    """A field by both its names: `organisation` and `organisation_id`."""
    field = model._meta.get_field(name.partition("__")[0])
    return frozenset((field.name, field.attname))


PROVED: dict[type[models.Model], Proved] = {}


def proved(kind: str, *fields: str, unless: models.Q | None = None) -> Callable[[_Model], _Model]:
    """Have a model's rows prove these fields; the model has a `proof` column (`BinaryField`, 21 bytes).

    Args:
        kind: names the rows in proofs, for ever: a table may be renamed, its kind not.
        fields: whatever decides something, and what the row is known by.
        unless: rows that need no proof of their own where they carry none.
    """

    def dress(model: _Model) -> _Model:
        if not isinstance(model._default_manager.get_queryset(), ProvedQuerySet):
            raise TypeError(f"{model.__name__} writes past its proofs: give it a ProvedManager")
        columns = tuple(_names(model, name) for name in fields)
        PROVED[model] = Proved(kind, model, fields, unless, _reader(fields), columns)
        plain = model.save_base

        def save_base(self: models.Model, *args: Any, **options: Any) -> None:
            with transaction.atomic(using=options.get("using"), savepoint=False):
                _save(PROVED[type(self)], self, plain, args, options)

        model.save_base = save_base  # type: ignore[method-assign]
        pre_delete.connect(_deleting, sender=model, dispatch_uid=f"proved {kind}")
        return model

    return dress


def _save(
    kind: Proved, row: models.Model, plain: Callable[..., None], args: Any, options: dict[str, Any]
) -> None:
    only = options.get("update_fields")
    if only is not None and _is_aside(kind, only):
        plain(row, *args, **options)
        return
    if row._state.adding:
        row.proof = present_prover().prove(kind.kind, *kind.facts(row))  # type: ignore[attr-defined]
        plain(row, *args, **options)
        tally_change(kind.kind, added=[(row.pk, row.proof)])  # type: ignore[attr-defined]
        return
    before = _stand(kind, kind.rows().filter(pk=row.pk))
    was = before.get(row.pk)
    if was is None or not was.held or _computed(row, only):
        plain(row, *args, **options)
        row.proof = _prove_again(kind, before).get(row.pk)  # type: ignore[attr-defined]
        return
    facts = kind.facts(row) if only is None else _changed(kind, row, set(only), was.facts)
    row.proof = present_prover().prove(kind.kind, *facts)  # type: ignore[attr-defined]
    if only is not None:
        options["update_fields"] = {*only, "proof"}
    plain(row, *args, **options)
    _tell(kind, {row.pk: was}, {row.pk: row.proof})  # type: ignore[attr-defined]


def _computed(row: models.Model, only: Iterable[str] | None) -> bool:
    """Whether the database works some of it out: then only it knows what will stand there."""
    names = row.__dict__ if only is None else only
    return any(hasattr(row.__dict__.get(name), "resolve_expression") for name in names)


def _changed(
    kind: Proved, row: models.Model, only: set[str], facts: tuple[object, ...]
) -> tuple[object, ...]:
    """What will stand there when only these fields are written."""
    return tuple(
        reduce(_of, name.split("__"), row) if names & only else fact
        for name, names, fact in zip(kind.fields, kind.columns, facts, strict=True)
    )


def _is_aside(kind: Proved, written: Iterable[str]) -> bool:
    """Whether nothing that is proved is written."""
    return all(names.isdisjoint(written) for names in kind.columns)


@dataclasses.dataclass(frozen=True, slots=True)
class _Standing:
    """What stands in a row before it changes, and whether its proof holds."""

    proof: bytes
    facts: tuple[object, ...]
    held: bool


def _stand(kind: Proved, rows: "models.QuerySet[Any]") -> dict[object, _Standing]:
    """By primary key. The rows are locked before they are read."""
    tell = present_prover()
    if connection.features.has_select_for_update:
        # Not at once: what is joined to them cannot be locked everywhere.
        pks = list(rows.select_for_update().values_list("pk", flat=True))
        rows = kind.model._base_manager.filter(pk__in=pks)
    return {
        pk: _Standing(bytes(proof or b""), tuple(facts), bool(tell.holds(proof, kind.kind, *facts)))
        for pk, proof, *facts in rows.values_list("pk", "proof", *kind.fields)
    }


def _prove_again(kind: Proved, before: Mapping[object, _Standing]) -> dict[object, bytes]:
    """Prove rows as they now stand; the proofs by primary key.

    What was altered past the product stays unproved: else the next honest change would make it true.
    """
    tell, proofs = present_prover(), {pk: was.proof for pk, was in before.items()}
    sound = [pk for pk, was in before.items() if was.held]
    for pk, *facts in kind.rows().filter(pk__in=sound).values_list("pk", *kind.fields):
        proofs[pk] = tell.prove(kind.kind, *facts)
        # A whole row was written with the proof that it had in memory.
        kind.model._base_manager.filter(pk=pk).update(proof=proofs[pk])
    _tell(kind, before, proofs)
    return proofs


def _tell(kind: Proved, before: Mapping[object, _Standing], proofs: Mapping[object, bytes]) -> None:
    """Have the tally count the proofs that became others."""
    changed = [pk for pk, was in before.items() if proofs[pk] != was.proof]
    if changed:
        gone = [(pk, before[pk].proof) for pk in changed]
        tally_change(kind.kind, added=[(pk, proofs[pk]) for pk in changed], gone=gone)


def _deleting(sender: type[models.Model], instance: models.Model, **_: object) -> None:
    """Counted out by what stands in the database: the instance may be older."""
    rows = PROVED[sender].rows().filter(pk=instance.pk).select_for_update()
    if gone := [(pk, bytes(proof or b"")) for pk, proof in rows.values_list("pk", "proof")]:
        tally_change(PROVED[sender].kind, gone=gone)


class ProvedQuerySet(models.QuerySet[Any]):
    """What writes many rows proves them too."""

    def update(self, **values: Any) -> int:
        kind = PROVED[self.model]
        if _is_aside(kind, values):
            return super().update(**values)
        changed = 0
        with transaction.atomic():
            found = list(self.order_by().values_list("pk", flat=True))
            for pks in (found[at : at + _AT_ONCE] for at in range(0, len(found), _AT_ONCE)):
                # Locked first, and asked once more: nothing comes between what is updated and what is proved.
                before = _stand(kind, self.order_by().filter(pk__in=pks))
                rows = kind.model._base_manager.filter(pk__in=list(before))
                changed += rows.update(**values)
                _prove_again(kind, before)
        return changed

    def bulk_create(self, objs: Any, *args: Any, **options: Any) -> Any:
        kind, tell = PROVED[self.model], present_prover()
        objs = list(objs)
        for row in objs:
            row.proof = tell.prove(kind.kind, *kind.facts(row))
        with transaction.atomic():
            made = super().bulk_create(objs, *args, **options)
            tally_change(kind.kind, added=[(row.pk, row.proof) for row in made])
        return made


ProvedManager = models.Manager.from_queryset(ProvedQuerySet)


def row_holds(row: models.Model) -> Held:
    """Whether a row, as it was read, is as the product wrote it. All its proved fields must have been read."""
    kind = PROVED[type(row)]
    return present_prover().holds(row.proof, kind.kind, *kind.facts(row))  # type: ignore[attr-defined]


def row_require(row: models.Model) -> None:
    """For where a row decides something.

    Raises:
        RowUnproved: it was not written by the product.
    """
    if not row_holds(row):
        raise RowUnproved(PROVED[type(row)].kind)
