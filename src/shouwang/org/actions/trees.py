"""Growing and pruning the two trees."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, tree
from shouwang.core.errors import BadInput, Conflict
from shouwang.core.scope import Actor
from shouwang.org.models import Organisation, Place
from shouwang.org.models.trees import Node
from shouwang.org.queries import institution_of

N = TypeVar("N", Organisation, Place)


def next_path(model: type[Organisation] | type[Place], parent: Node | None) -> str:
    """The path of the next child of `parent`. Call inside a transaction: siblings are numbered one at a time."""
    manager: Any = model._default_manager
    last = manager.filter(parent=parent).aggregate(last=Max("path"))["last"]
    return (parent.path if parent else "") + tree.step(tree.number(last) + 1 if last else 1)


def _add(model: type[N], parent: N | None, node: N, *, by: Actor, at: datetime) -> N:
    if len(parent.path if parent else "") + tree.STEP > tree.MAX_LENGTH:
        raise BadInput(_("The tree is at most %(levels)s levels deep."), field="parent", levels=16)
    if parent is not None:
        # Two people adding a child at once must not draw the same number.
        model._default_manager.select_for_update().get(pk=parent.pk)
    node.parent = parent
    node.path = next_path(model, parent)
    try:
        with transaction.atomic():
            node.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(
            _("The code %(value)s is already used. Choose another, or change the existing entry."),
            field="code",
            value=node.code,
        ) from error
    kind = model._meta.model_name or ""
    audit.record(f"{kind}.added", kind, node.pk, by=by, at=at, new={"code": node.code, "name": node.name})
    return node


@transaction.atomic
def add_organisation(
    *,
    parent: Organisation | None,
    kind: str,
    code: str,
    name: str,
    name_en: str = "",
    starts: date,
    by: Actor,
    at: datetime,
) -> Organisation:
    """A new organisation under `parent` (None: a root). Needs org.manage there. Conflict when the code is taken."""
    by.require("org.manage", parent.path if parent else None)
    node = Organisation(kind=kind, code=code, name=name, name_en=name_en, starts=starts)
    return _add(Organisation, parent, node, by=by, at=at)


@transaction.atomic
def add_place(
    *,
    parent: Place | None,
    kind: str,
    code: str,
    name: str,
    name_en: str = "",
    capacity: int | None = None,
    owner: Organisation | None = None,
    starts: date,
    by: Actor,
    at: datetime,
) -> Place:
    """A new place under `parent`, whose owner it has. A campus belongs to `owner`, or to the institution of who adds it
    (BadInput `root_missing` when that can be several). Needs org.manage over the owner. Conflict: code is taken."""
    by.require("org.manage")
    if parent is not None:
        owner = parent.owner
    elif owner is None:
        owner = institution_of(by, "org.manage")
    _may_manage(by, owner)
    node = Place(kind=kind, code=code, name=name, name_en=name_en, capacity=capacity, starts=starts, owner=owner)
    return _add(Place, parent, node, by=by, at=at)


def _may_manage(by: Actor, owner: Organisation | None) -> None:
    by.require("org.manage", owner.path if owner is not None else None)


@transaction.atomic
def rename_node(node: N, *, name: str, name_en: str, by: Actor, at: datetime) -> N:
    """A new name for an organisation or place; its code and history stay."""
    _may_manage(by, node if isinstance(node, Organisation) else node.owner)
    old = {"name": node.name, "name_en": node.name_en}
    node.name, node.name_en = name, name_en
    node.save(update_fields=["name", "name_en"])
    kind = node._meta.model_name or ""
    audit.record(f"{kind}.renamed", kind, node.pk, by=by, at=at, old=old, new={"name": name, "name_en": name_en})
    return node


@transaction.atomic
def close_organisation(organisation: Organisation, *, ends: date, by: Actor, at: datetime) -> Organisation:
    """The organisation ends on a day. BadInput while people have it as their home: move them first."""
    by.require("org.manage", organisation.path)
    if organisation.people.filter(left_on__isnull=True).exists():
        raise BadInput(_("People still belong here. Move them first."), field="ends")
    return _close(organisation, ends=ends, by=by, at=at)


@transaction.atomic
def give_place(place: Place, *, owner: Organisation, by: Actor, at: datetime) -> int:
    """A campus and everything on it belong to `owner` from now on; returns how many places. Needs org.manage over the
    present owner and over the new one. BadInput for a place inside another: it goes where that one goes."""
    _may_manage(by, place.owner)
    _may_manage(by, owner)
    if place.parent_id is not None:
        raise BadInput(_("Give the campus; what stands on it goes with it."), field="place")
    old = place.owner.code if place.owner is not None else None
    count = Place.objects.filter(tree.in_ranges("path", [tree.subtree(place.path)])).update(owner=owner)
    place.owner = owner
    audit.record("place.given", "place", place.pk, by=by, at=at, old={"owner": old}, new={"owner": owner.code})
    return count


@transaction.atomic
def close_place(place: Place, *, ends: date, by: Actor, at: datetime) -> Place:
    """The place ends on a day. BadInput while people live there."""
    _may_manage(by, place.owner)
    if place.residents.filter(ends__isnull=True).exists():
        raise BadInput(_("People still live here. Move them first."), field="ends")
    return _close(place, ends=ends, by=by, at=at)


def _close(node: N, *, ends: date, by: Actor, at: datetime) -> N:
    if ends < node.starts:
        raise BadInput(_("The end (%(ends)s) lies before the beginning."), field="ends", ends=str(ends))
    node.ends = ends
    node.save(update_fields=["ends"])
    kind = node._meta.model_name or ""
    audit.record(f"{kind}.closed", kind, node.pk, by=by, at=at, new={"ends": str(ends)})
    return node
