"""Forms and their versions."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from django.db.models import QuerySet

from shouwang.core.errors import NotFound
from shouwang.core.scope import Actor
from shouwang.surveys import rules
from shouwang.surveys.models import FormVersion

KEPT = 32  # built forms in memory; one of 5,000 questions takes a second to build
_built: OrderedDict[tuple[int, str], rules.Form] = OrderedDict()
_lock = Lock()


def form_of(version: FormVersion) -> rules.Form:
    """The form of a version; built once a process, and again when it has not been used for long."""
    key = (version.pk, version.sha256)
    with _lock:
        if key in _built:
            _built.move_to_end(key)
            return _built[key]
    form = rules.build(rules.Workbook.of_json(version.rows), title=version.title)
    with _lock:
        _built[key] = form
        while len(_built) > KEPT:
            _built.popitem(last=False)
    return form


def light(versions: QuerySet[FormVersion]) -> QuerySet[FormVersion]:
    """Without the columns that hold whole files."""
    return versions.defer("original", "xform", "rows")


def visible_versions(by: Actor) -> QuerySet[FormVersion]:
    """Every form, for whoever makes surveys: a form is no personal data."""
    if not by.holds("survey.manage"):
        raise NotFound
    return light(FormVersion.objects.select_related("form"))


def version_for(by: Actor, version_id: int) -> FormVersion:
    """One version. NotFound without survey.manage."""
    version = visible_versions(by).filter(pk=version_id).first()
    if version is None:
        raise NotFound
    return version
