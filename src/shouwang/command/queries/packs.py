"""What the disease packs at hand say, in words, every figure with its source. Readable by whoever is signed in: a rule
that acts on a person can be read by that person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shouwang.cases import rules as cases
from shouwang.command.packs import check_pack
from shouwang.command.queries.pack_words import Part, Tree, class_name, parts_of, tree_of
from shouwang.core.errors import BadInput, NotFound
from shouwang.core.models import ActivePack
from shouwang.core.packs import SHIPPED, Pack, PackError, Source, Text, get_pack, pack_files


@dataclass(frozen=True, slots=True)
class PackRow:
    """One pack of the list. `active`: in force here today; `changed`: its file has changed since it was put in force;
    `fault`: why it cannot be used, "" where it can. A pack that cannot be read has only its code."""

    code: str
    fault: str = ""
    name: Text | None = None
    disease: str = ""
    edition: str = ""
    sha256: str = ""
    in_force_from: date | None = None
    in_force_to: date | None = None
    sources: int = 0
    assumptions: int = 0
    shipped: bool = True
    active: bool = False
    changed: bool = False


def pack_rows(on: date) -> list[PackRow]:
    """Every pack at hand, by disease and then by its own date. One query."""
    there = ActivePack.objects.filter(Q(active_to__isnull=True) | Q(active_to__gte=on), active_from__lte=on)
    active = dict(there.order_by("active_from", "pk").values_list("code", "sha256"))
    rows = [_row(code, active) for code in pack_files()]
    return sorted(rows, key=lambda row: (row.disease, row.in_force_from or date.min, row.code))


def _row(code: str, active: Mapping[str, str]) -> PackRow:
    try:
        pack = get_pack(code)
        check_pack(pack)
    except PackError as error:
        return PackRow(code, error.sentence, active=code in active)
    head = pack.head
    return PackRow(
        code=code,
        name=head.name,
        disease=head.disease,
        edition=head.edition,
        sha256=pack.sha256,
        in_force_from=head.in_force_from,
        in_force_to=head.in_force_to,
        sources=len(pack.sources),
        assumptions=sum(source.kind == "assumption" for source in pack.sources.values()),
        shipped=pack.path.parent == SHIPPED,
        active=code in active,
        changed=code in active and active[code] != pack.sha256,
    )


@dataclass(frozen=True, slots=True)
class Version:
    """One spell in which the pack was in force here, and the version (hash) that was."""

    active_from: date
    active_to: date | None
    sha256: str


@dataclass(frozen=True, slots=True)
class DefinitionShown:
    classification: str
    name: str
    tree: Tree
    source: Source


@dataclass(frozen=True, slots=True)
class PackSheet:
    """A pack as people read it: `parts` in order, its case definitions as trees, its spells in force here."""

    pack: Pack
    parts: tuple[Part, ...]
    criteria: tuple[cases.Criterion, ...]
    definitions: tuple[DefinitionShown, ...]
    versions: tuple[Version, ...] = field(default=())

    def in_force(self, on: date) -> bool:
        return any(v.active_from <= on and (v.active_to is None or on <= v.active_to) for v in self.versions)


def pack_sheet(code: str, sha256: str = "") -> PackSheet:
    """The pack named `code`, or the version of it with that hash. NotFound when there is none; PackError for one that
    cannot be used, with file, line and key."""
    pack = _known(code, sha256)
    check_pack(pack)
    criteria, definitions = cases.definitions_of(pack)
    names = {item.code: str(item.name) for item in criteria}
    spells = ActivePack.objects.filter(code=code).order_by("-active_from", "-pk")
    return PackSheet(
        pack=pack,
        parts=parts_of(pack),
        criteria=criteria,
        definitions=tuple(
            DefinitionShown(
                item.classification,
                class_name(item.classification),
                tree_of(item.when, names),
                pack.sources[item.source],
            )
            for item in definitions
        ),
        versions=tuple(Version(row.active_from, row.active_to, row.sha256) for row in spells),
    )


def _known(code: str, sha256: str = "") -> Pack:
    if code not in pack_files() and not sha256:
        raise NotFound
    pack = get_pack(code, sha256)
    if sha256 and pack.sha256 != sha256:
        raise NotFound
    return pack


@dataclass(frozen=True, slots=True)
class Judged:
    """What the definitions of a pack say of some answers."""

    classification: str
    name: str
    could_be: tuple[str, ...]
    findings: tuple[cases.Finding, ...]


def judge(code: str, *, yes: Iterable[str], no: Iterable[str]) -> Judged:
    """The case definitions of a pack by answers to its criteria; whatever is named in neither is unknown.

    NotFound for an unknown pack; BadInput (`criterion_unknown`, `criterion_both`). It decides nothing: a person
    classifies a case.
    """
    pack = _known(code)
    criteria, definitions = cases.definitions_of(pack)
    known = {item.code for item in criteria}
    said_yes, said_no = set(yes), set(no)
    if unknown := sorted((said_yes | said_no) - known):
        raise BadInput(
            _("This pack has no criterion “%(value)s”. There are: %(known)s."),
            code="criterion_unknown", field="yes", value=unknown[0], known=", ".join(sorted(known)) or "–",
        )  # fmt: skip
    if both := sorted(said_yes & said_no):
        raise BadInput(_("“%(value)s” cannot be both yes and no."), code="criterion_both", field="no", value=both[0])
    answers: dict[str, cases.Answer] = {**dict.fromkeys(said_yes, True), **dict.fromkeys(said_no, False)}
    found = cases.judge(definitions, answers)
    return Judged(found.classification, class_name(found.classification), found.could_be, found.findings)
