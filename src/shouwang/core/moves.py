"""Moving rows that name one thing to another, so that it can be taken back: what a merge of two records stands on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Field, ForeignKey, Model


def point(model: type[Model], column: ForeignKey[Any, Any], pk: int, to: int) -> bool:
    """Let `column` of the row name `to`; False where a constraint refuses it, and the row is left as it was."""
    try:
        with transaction.atomic():
            model._default_manager.filter(pk=pk).update(**{column.attname: to})
    except IntegrityError:
        return False
    return True


def digests(model: type[Model], ids: Collection[int], *, but: Callable[[Field[Any, Any]], bool]) -> dict[int, str]:
    """Key → digest of the row's columns without those that `but` names: another of them may move with the same merge.
    One query; rows that are gone are not in it."""
    names = [field.attname for field in model._meta.concrete_fields if not but(field)]
    found = {}
    for row in model._default_manager.filter(pk__in=list(ids)).values("pk", *names):
        text = json.dumps({name: str(row[name]) for name in names}, sort_keys=True)
        found[row["pk"]] = hashlib.sha256(text.encode()).hexdigest()
    return found
