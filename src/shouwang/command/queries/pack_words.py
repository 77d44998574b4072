"""The sections of a pack as lines of a sheet: a label, a sentence, and where the figure in it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from shouwang.cases import rules as cases
from shouwang.cases.care.rules import CareSpec, care_spec
from shouwang.cases.models import Classification
from shouwang.cases.queries import role_name
from shouwang.checkins.models import Severity
from shouwang.checkins.rules import Protocols
from shouwang.checkins.rules.protocols import Protocol, When
from shouwang.core.packs import Pack, Source, Text
from shouwang.isolation import rules as isolation
from shouwang.tracing.queries.judging import contact_rule, named_edition


@dataclass(frozen=True, slots=True)
class Line:
    """`source` None where the line holds nothing that needs one."""

    label: str
    text: str
    source: Source | None = None

    @property
    def assumed(self) -> bool:
        return self.source is not None and self.source.kind == "assumption"


@dataclass(frozen=True, slots=True)
class Part:
    code: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A case definition: a head ("all of", "at least 2 of") and what it is of; a criterion has no entries."""

    head: str
    entries: tuple[Tree, ...] = ()


def class_name(code: str) -> str:
    """A classification in the reader's language; "" for none."""
    return str(Classification(code).label) if code else ""


def tree_of(rule: str | cases.Rule, names: Mapping[str, str]) -> Tree:
    if isinstance(rule, str):
        return Tree(names.get(rule, rule))
    heads = {
        "all": _("all of"),
        "any": _("any of"),
        "none": _("none of"),
        "of": _("at least %(count)s of") % {"count": rule.at_least},
    }
    return Tree(heads[rule.form], tuple(tree_of(entry, names) for entry in rule.entries))


def parts_of(pack: Pack) -> tuple[Part, ...]:
    """Every part of which the pack says something, in the order in which a case runs through them."""
    known = cases.knowledge(pack)
    stay = isolation.protocol(pack)
    case = cases.protocol(pack)
    checkin = Protocols.of([pack]).active[0]
    parts = [
        Part("law", _("Law and report"), tuple(_law(pack, case))),
        Part("transmission", _("How it spreads"), tuple(_spread(pack, known))),
        Part("delays", _("How long it takes"), tuple(_delays(pack, known, case))),
        Part("symptoms", _("Symptoms and triage"), tuple(_triage(pack, checkin))),
        Part("clocks", _("Clocks"), tuple(_clocks(pack, case))),
        Part("contacts", _("Contacts"), tuple(_contacts(pack, stay))),
        Part("stay", _("Quarantine, isolation, release"), tuple(_stay(pack, stay))),
        Part("care", _("After treatment"), tuple(_care(pack, care_spec(pack)))),
        Part("clusters", _("Clusters"), tuple(_clusters(pack, known))),
        Part("forms", _("Forms"), tuple(Line(str(f.name), str(f.when), pack.sources[f.source]) for f in known.forms)),
        Part("advice", _("Prevention and advice"), tuple(_advice(pack, known, checkin))),
    ]
    return tuple(part for part in parts if part.lines)


def _law(pack: Pack, case: cases.Protocol) -> Iterator[Line]:
    spec, source = case.case, pack.sources[case.case.source]
    yield Line(_("Statutory class"), str(spec.statutory), source)
    if spec.report_hours is not None:
        yield Line(_("To be reported within"), _hours(spec.report_hours), source)
    yield Line(_("Case numbers begin with"), spec.number_prefix)


def _hours(value: float) -> str:
    return ngettext("%(count)s hour", "%(count)s hours", int(value)) % {"count": f"{value:g}"}


def _days(value: float) -> str:
    return ngettext("%(count)s day", "%(count)s days", int(value)) % {"count": f"{value:g}"}


def _spread(pack: Pack, known: cases.Knowledge) -> Iterator[Line]:
    if known.transmission is None:
        return
    words = {
        "droplet": _("droplets"), "airborne": _("the air"), "contact": _("contact"), "faecal_oral": _("faecal-oral"),
        "food_water": _("food and water"), "vomit": _("vomit"),
    }  # fmt: skip
    source = pack.sources[known.transmission.source]
    yield Line(_("Routes"), ", ".join(words[route] for route in known.transmission.routes), source)
    yield Line(_("In words"), str(known.transmission.text), source)


def _delays(pack: Pack, known: cases.Knowledge, case: cases.Protocol) -> Iterator[Line]:
    kinds = {
        "incubation": _("Incubation"), "serial_interval": _("Serial interval"),
        "infectious_period": _("Infectious period"), "latent_period": _("Latent period"),
    }  # fmt: skip
    unit = pgettext("days", "d")
    shapes = {"lognormal": _("log-normal"), "gamma": _("gamma"), "weibull": _("Weibull"), "normal": _("normal")}
    for delay in known.delays:
        said = [shapes[delay.distribution]] if delay.distribution else []
        figures = ((_("mean"), delay.mean_days), (_("sd"), delay.sd_days), (_("median"), delay.median_days))
        said += [f"{name} {value:g} {unit}" for name, value in figures if value is not None]
        if delay.low_days is not None and delay.high_days is not None:
            ends = dict.fromkeys((f"{delay.low_days:g}", f"{delay.high_days:g}"))
            said.append(f"{'–'.join(ends)} {unit}")
        text = ", ".join(said) + (f" ({delay.note})" if delay.note else "")
        yield Line(kinds[delay.kind], text, pack.sources[delay.source])
    window = case.infectious
    text = _("from %(before)s before onset to %(after)s after it where never isolated")
    values = {"before": _days(window.days_before_onset), "after": _days(window.days_after_onset)}
    yield Line(_("Counted as infectious"), text % values, pack.sources[window.source])


def _triage(pack: Pack, protocol: Protocol) -> Iterator[Line]:
    limits = protocol.thresholds
    yield Line(_("Fever"), _("%(limit)s °C or more") % {"limit": limits.fever_c}, pack.sources[limits.source])
    if limits.child is not None:
        label = _("Fever, below %(years)s years") % {"years": limits.child.below_years}
        text = _("%(limit)s °C or more") % {"limit": limits.child.fever_c}
        yield Line(label, text, pack.sources[limits.child.source])
    yield Line(_("Symptoms asked"), ", ".join(str(item.name) for item in protocol.symptoms.values()))
    for question in protocol.questions.values():
        yield Line(_("Also asked"), str(question.text), pack.sources[question.source])
    for rule in protocol.triage:
        text = f"{rule.because}{_condition(protocol, rule.when)}"
        yield Line(str(Severity(rule.severity).label), text, pack.sources[rule.source])


def _condition(protocol: Protocol, when: When) -> str:
    """The figures of a triage rule that its reason may not name."""
    said = []
    for code, fits in when.answers.items():
        question = str(protocol.questions[code].text)
        said += [f"{question} {sign} {limit:g}" for sign, limit in (("≥", fits.at_least), ("≤", fits.at_most))
                 if limit is not None]  # fmt: skip
    return f" ({'; '.join(said)})" if said else ""


def _clocks(pack: Pack, case: cases.Protocol) -> Iterator[Line]:
    for spec in case.clocks:
        text = _("%(end)s within %(hours)s of %(begin)s; %(owner)s") % {
            "end": cases.MOMENTS[spec.ends], "begin": cases.MOMENTS[spec.begins], "hours": _hours(spec.hours),
            "owner": role_name(spec.owner),
        }  # fmt: skip
        yield Line(str(spec.name), text, pack.sources[spec.source])


def _contacts(pack: Pack, stay: isolation.Protocol) -> Iterator[Line]:
    edition, rule = named_edition(pack), contact_rule(pack)
    if edition is not None:
        yield Line(_("Contact rule"), f"{edition.head.title} ({edition.code})")
        if not edition.determined.on:
            yield Line(pgettext("contact rule", "Contacts"), _("are not determined"))
            return
    else:
        yield Line(_("Contact rule"), rule.name, pack.sources.get(rule.source))
    for grade in rule.grades:
        text = "; ".join(str(condition.because) for condition in grade.any)
        yield Line(str(grade.name), text, pack.sources.get(rule.source) if edition is None else None)
    if stay.follow_up is not None and stay.follow_up.for_grades:
        spec = stay.follow_up
        text = _("%(grades)s: asked %(times)s a day until %(days)s after the last exposure") % {
            "grades": _grades(pack, spec.for_grades), "times": _times(spec.checks_per_day), "days": _days(spec.days),
        }  # fmt: skip
        yield Line(_("Follow-up"), text, pack.sources[spec.source])


def _grades(pack: Pack, codes: tuple[str, ...]) -> str:
    names = {grade.code: str(grade.name) for grade in contact_rule(pack).grades}
    edition = named_edition(pack)
    if edition is not None and edition.second_ring is not None and edition.second_ring.name is not None:
        names["secondary"] = str(edition.second_ring.name)
    return ", ".join(names.get(code, code) for code in codes)


def _times(count: int) -> str:
    return ngettext("%(count)s time", "%(count)s times", count) % {"count": count}


def _stay(pack: Pack, stay: isolation.Protocol) -> Iterator[Line]:
    if stay.quarantine is None or not stay.quarantine.for_grades:
        yield Line(_("Quarantine"), _("nobody is asked to stay apart as a contact"))
    else:
        spec = stay.quarantine
        text = _("%(who)s: %(days)s after the last exposure, %(times)s a day a check") % {
            "who": _grades(pack, spec.for_grades), "days": _days(spec.days), "times": _times(spec.checks_per_day),
        }  # fmt: skip
        yield Line(_("Quarantine"), text, pack.sources[spec.source])
        yield from _release(pack, _("Release from quarantine"), spec.release)
    if stay.isolation is None:
        yield Line(_("Isolation"), _("nobody is asked to stay apart as a case"))
        return
    ill = stay.isolation
    counted = {
        "isolated": _("the beginning of isolation"), "onset": _("onset of symptoms"), "detected": _("detection"),
    }  # fmt: skip
    text = _("%(who)s: %(days)s from %(from)s, %(times)s a day a check") % {
        "who": ", ".join(class_name(code) for code in ill.for_classifications), "days": _days(ill.days),
        "from": counted[ill.counted_from], "times": _times(ill.checks_per_day),
    }  # fmt: skip
    yield Line(_("Isolation"), text, pack.sources[ill.source])
    yield from _release(pack, _("Release from isolation"), ill.release)
    for basis in (stay.quarantine.basis if stay.quarantine is not None else None, ill.basis):
        if basis is not None:
            yield Line(_("Legal basis"), str(Text(basis.zh, basis.en)), pack.sources[basis.source])


def _release(pack: Pack, label: str, spec: isolation.Release) -> Iterator[Line]:
    text = ngettext(
        "the latest %(count)s check without fever and symptoms",
        "the latest %(count)s checks without fever and symptoms",
        spec.clear_checks,
    ) % {"count": spec.clear_checks}
    yield Line(label, text, pack.sources[spec.source])
    if spec.symptom_free_hours is not None:
        text = _("%(hours)s since the last symptom") % {"hours": _hours(spec.symptom_free_hours)}
        yield Line(label, text, pack.sources[spec.source])
    for item in spec.confirm:
        yield Line(label, _("seen by whoever releases: %(what)s") % {"what": item.text}, pack.sources[item.source])


def _care(pack: Pack, spec: CareSpec | None) -> Iterator[Line]:
    if spec is None:
        return
    if spec.observe_days is not None:
        text = _("%(days)s of observation after discharge") % {"days": _days(spec.observe_days)}
        yield Line(_("Return"), text, pack.sources[spec.source])
    for test in spec.tests:
        yield Line(_("Return"), str(test.text), pack.sources[test.source])
    for visit in spec.visits:
        label = _("Follow-up %(days)s after discharge") % {"days": _days(visit.days)}
        yield Line(label, str(visit.text), pack.sources[visit.source])
    if spec.late is not None:
        text = _("within %(days)s of discharge care is taken up again: %(signs)s") % {
            "days": _days(spec.late.days), "signs": spec.late.warning,
        }  # fmt: skip
        yield Line(_("Late complications"), text, pack.sources[spec.late.source])


def _clusters(pack: Pack, known: cases.Knowledge) -> Iterator[Line]:
    units = {"dorm_or_class": _("one dormitory room or class"), "class": _("one class"), "school": _("one school")}
    for item in known.clusters:
        label = _("%(cases)s cases in %(days)s, %(unit)s") % {
            "cases": item.cases, "days": _days(item.days), "unit": units[item.unit],
        }  # fmt: skip
        yield Line(label, str(item.then), pack.sources[item.source])


def _advice(pack: Pack, known: cases.Knowledge, checkin: Protocol) -> Iterator[Line]:
    for item in known.prevention:
        yield Line(_("Prevention"), str(item.text), pack.sources[item.source])
    yield Line(_("To who is unwell"), str(checkin.advice.unwell))
