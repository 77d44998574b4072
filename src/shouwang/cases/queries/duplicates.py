"""Other cases of the same person and disease: whether they were merged, and whether they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from shouwang.cases.models import Case, CaseMerge
from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.org.queries import reachable

VIEW = "case.view"


@dataclass(frozen=True, slots=True)
class Sibling:
    """Another case of the person with this disease. `into_us`: it was merged into ours; `ours_into`: ours into it."""

    case: Case
    into_us: bool
    ours_into: bool

    @property
    def apart(self) -> bool:
        return not (self.into_us or self.ours_into)


def siblings(case: Case) -> list[Sibling]:
    """Newest first; one query. The caller has fetched the case within reach, so they are within reach too."""
    done = CaseMerge.objects.filter(state=CaseMerge.State.DONE)
    rows = Case.objects.filter(person=case.person_id, disease=case.disease).exclude(pk=case.pk)
    found = rows.annotate(
        _into=Exists(done.filter(merged=OuterRef("pk"), kept=case.pk)),
        _ours=Exists(done.filter(kept=OuterRef("pk"), merged=case.pk)),
    )
    return [Sibling(row, row._into, row._ours) for row in found.order_by("-opened_at", "-pk")]


def merges_of(case: Case) -> Sequence[CaseMerge]:
    """Merges in which the case was kept or merged, newest first."""
    rows = CaseMerge.objects.filter(kept=case.pk) | CaseMerge.objects.filter(merged=case.pk)
    return list(rows.select_related("kept", "merged", "by__person", "undone_by__person"))


def merge_for(by: Actor, merge_id: int) -> CaseMerge:
    """A merge of cases within reach of case.view. NotFound otherwise."""
    rows = CaseMerge.objects.filter(reachable(by, VIEW, "kept__person__"), pk=merge_id)
    row = rows.select_related("kept__person", "merged__person").first()
    if row is None:
        raise NotFound
    return row
