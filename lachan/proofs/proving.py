"""Proofs of rows, kept in step with every way by which Django writes them.

A new row is proved from what is written. A row that changes is proved from what then stands in the database,
in the same transaction: an instance in memory may be older than its row.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models.signals import pre_delete

from lachan.kernel.sealing.proofs import Held

from .records import RowUnproved
from .tally import present_prover, tally_change

_Model = TypeVar("_Model", bound=type[models.Model])


@dataclasses.dataclass(frozen=True, slots=True)
class Proved:
    """A kind of row that is proved.

    Attributes:
        fields: attribute names, `organisation_id` for a foreign key.
        unless: a field; rows in which it is set prove themselves otherwise and are left out.
    """

    kind: str
    model: type[models.Model]
    fields: tuple[str, ...]
    unless: str

    def facts(self, row: models.Model) -> tuple[object, ...]:
        return tuple(getattr(row, name) for name in self.fields)

    def leaves_out(self, row: models.Model) -> bool:
        return bool(self.unless) and getattr(row, self.unless) is not None

    def rows(self) -> "models.QuerySet[Any]":
        """All that are proved."""
        found = self.model._base_manager.all()
        return found.filter(**{f"{self.unless}__isnull": True}) if self.unless else found


PROVED: dict[type[models.Model], Proved] = {}


def proved(kind: str, *fields: str, unless: str = "") -> Callable[[_Model], _Model]:
    """Have a model's rows prove these fields; the model has a `proof` column (`BinaryField`, 21 bytes).

    Args:
        kind: names the rows in proofs, for ever: a table may be renamed, its kind not.
        fields: whatever decides something, and what the row is known by; never its primary key, which is
            not known before it is written.
        unless: a field that is empty in every row to be proved.
    """

    def dress(model: _Model) -> _Model:
        if not isinstance(model._default_manager.get_queryset(), ProvedQuerySet):
            raise TypeError(f"{model.__name__} writes past its proofs: give it a ProvedManager")
        PROVED[model] = Proved(kind, model, fields, unless)
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
    is_aside = only is not None and not set(only) & _columns(kind)
    if is_aside or kind.leaves_out(row):
        plain(row, *args, **options)
        return
    if row._state.adding:
        row.proof = present_prover().prove(kind.kind, *kind.facts(row))  # type: ignore[attr-defined]
        plain(row, *args, **options)
        tally_change(kind.kind, added=[row.proof])  # type: ignore[attr-defined]
        return
    before = kind.model._base_manager.filter(pk=row.pk).values_list("proof", flat=True).first()
    plain(row, *args, **options)
    row.proof = _prove_again(kind, row.pk, before)  # type: ignore[attr-defined]


def _columns(kind: Proved) -> set[str]:
    """The fields by both their names: `organisation` and `organisation_id`."""
    fields = (kind.model._meta.get_field(name) for name in kind.fields)
    return {name for field in fields for name in (field.name, field.attname)}


def _prove_again(kind: Proved, pk: object, before: bytes | None) -> bytes:
    rows = kind.model._base_manager.filter(pk=pk)
    facts = rows.values_list(*kind.fields).get()
    proof = present_prover().prove(kind.kind, *facts)
    if before is None or proof != bytes(before):
        rows.update(proof=proof)
        tally_change(kind.kind, added=[proof], gone=[bytes(before)] if before else [])
    return proof


def _deleting(sender: type[models.Model], instance: models.Model, **_: object) -> None:
    """Counted out by what stands in the database: the instance may be older."""
    rows = PROVED[sender].rows().filter(pk=instance.pk)
    if gone := [bytes(proof or b"") for proof in rows.values_list("proof", flat=True)]:
        tally_change(PROVED[sender].kind, gone=gone)


class ProvedQuerySet(models.QuerySet[Any]):
    """What writes many rows proves them too."""

    def update(self, **values: Any) -> int:
        kind = PROVED[self.model]
        if not set(values) & _columns(kind):
            return super().update(**values)
        with transaction.atomic():
            # Locked first: what is proved is what this update finds, and nothing that comes between.
            found = dict(self.order_by().select_for_update().values_list("pk", "proof"))
            chosen = kind.model._base_manager.filter(pk__in=list(found))
            changed = chosen.update(**values)
            for pk in kind.rows().filter(pk__in=list(found)).values_list("pk", flat=True):
                _prove_again(kind, pk, found[pk])
        return changed

    def bulk_create(self, objs: Any, *args: Any, **options: Any) -> Any:
        kind, tell = PROVED[self.model], present_prover()
        objs = list(objs)
        mine = [row for row in objs if not kind.leaves_out(row)]
        for row in mine:
            row.proof = tell.prove(kind.kind, *kind.facts(row))
        with transaction.atomic():
            made = super().bulk_create(objs, *args, **options)
            tally_change(kind.kind, added=[row.proof for row in mine])
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
