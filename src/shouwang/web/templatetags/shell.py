"""The components every page is made of (docs/interface.md). Registered as built-in: pages need no `{% load %}`."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.forms.boundfield import BoundWidget
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from shouwang.core import clock
from shouwang.web import moments, vendor

register = template.Library()

TONES = frozenset({"danger", "warn", "notice", "good", "info", "special", "neutral"})
ALARMING = frozenset({"danger", "warn", "notice"})
# Severity codes of the disease packs: never told by colour alone.
SEVERITIES = {
    "urgent": ("danger", "alert-octagon", pgettext_lazy("severity", "urgent")),
    "high": ("warn", "alert-triangle", pgettext_lazy("severity", "high")),
    "medium": ("notice", "alert-circle", pgettext_lazy("severity", "medium")),
    "low": ("neutral", "info-circle", pgettext_lazy("severity", "low")),
}
CHARTS = frozenset({"epicurve", "line", "bar", "network", "timeline"})
HEIGHTS = frozenset({"sm", "md", "lg", "xl"})
UNKNOWN = gettext_lazy("unknown")


@lru_cache(maxsize=1)
def icon_names() -> frozenset[str]:
    """The icons that the sprite holds."""
    text = (vendor.STATIC / vendor.ICON_SPRITE).read_text(encoding="utf-8")
    return frozenset(re.findall(r'<symbol id="([a-z0-9-]+)"', text))


@register.simple_tag(name="vendor")
def vendored(name: str) -> str:
    """Address of a vendored file: its folder carries the version, so browsers may keep it for ever."""
    return static(vendor.FILES[name])


@register.simple_tag(name="asset")
def asset(path: str) -> str:
    """Address of a static file of ours with a mark of its content, so that a new version is fetched at once."""
    return f"{static(path)}?v={_mark(path) if settings.DEBUG else _kept_mark(path)}"


def _mark(path: str) -> str:
    found = finders.find(path)
    if not isinstance(found, str):
        raise ValueError(f"no static file {path!r}")
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10]


_kept_mark = lru_cache(maxsize=None)(_mark)


@register.simple_tag(name="block_text", takes_context=True)
def block_text(context: Context, name: str) -> str:
    """The plain text of a block of this page: the browser's title is the heading, written once."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    return " ".join(strip_tags(block.nodelist.render(context)).split()) if block else ""


def _tone(tone: str) -> str:
    if tone and tone not in TONES:
        raise ValueError(f"tone {tone!r}: one of {', '.join(sorted(TONES))}")
    return tone


@register.simple_tag(name="icon")
def icon(name: str, label: str = "", **attributes: str) -> SafeString:
    """An icon of the sprite. `class` adds classes; `label` makes it an image with a name, else it is decoration."""
    return _icon(name, str(label), attributes.get("class", ""))


@lru_cache(maxsize=4096)
def _icon(name: str, label: str, classes: str) -> SafeString:
    """Lists show the same few icons hundreds of times."""
    if name not in icon_names():
        raise ValueError(f"no icon {name!r} in the sprite: add it to VENDOR.toml and run tools/vendor.py")
    classes = f"icon {classes}".strip()
    use = f"{static(vendor.ICON_SPRITE)}#{name}"
    if label:
        markup = '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>'
        return format_html(markup, classes, label, use)
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"></use></svg>', classes, use)


@register.inclusion_tag("web/_components/badge.html", name="badge")
def badge(text: object, tone: str = "neutral", icon: str = "") -> dict[str, Any]:
    return {"text": text, "tone": _tone(tone), "icon": icon}


@register.inclusion_tag("web/_components/badge.html", name="severity")
def severity(code: str, label: object = None) -> dict[str, Any]:
    """A severity of a pack, with the pack's own word when `label` is given."""
    tone, sign, word = SEVERITIES.get(code, ("neutral", "help-circle", code))
    return {"text": label or word, "tone": tone, "icon": sign}


@register.inclusion_tag("web/_components/empty_state.html", name="empty_state")
def empty_state(icon: str, title: str, text: str = "") -> dict[str, Any]:
    return {"icon": icon, "title": title, "text": text}


@register.filter(name="number")
def number(value: object) -> str:
    """12345 -> "12,345"; None -> "unknown". Floats keep two digits at most."""
    if value is None or value == "":
        return str(UNKNOWN)
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)


@register.filter(name="share")
def share(part: float | None, whole: float | None) -> str:
    """Percentage with one digit; a dash when either is unknown or the whole is 0. Never rounded up to 100 %."""
    if part is None or not whole:
        return "–"
    percent = 100 * part / whole
    text = f"{percent:.1f}"
    if text == "100.0" and part < whole:
        text = "99.9"
    if text == "0.0" and part > 0:
        text = "<0.1"
    return f"{text.removesuffix('.0')}%"


@register.inclusion_tag("web/_components/stat.html", name="stat")
def stat(
    label: str,
    value: int | float | str | None,
    denominator: int | None = None,
    as_of: datetime | date | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A number that shows its denominator and its time. `more`: hint, href, tone, change, icon, unit.

    A zero is never painted in an alarming tone: no late clock is no alarm.
    """
    if unexpected := more.keys() - {"hint", "href", "tone", "change", "icon", "unit"}:
        raise TypeError(f"stat: unknown {', '.join(sorted(unexpected))}")
    change = more.get("change")
    tone = _tone(more.get("tone") or "")
    if tone in ALARMING and value == 0:
        tone = ""
    return {
        "label": label,
        "value": value,
        "known": value is not None,
        "denominator": denominator,
        "as_of": as_of,
        "rising": change is not None and change > 0,
        "falling": change is not None and change < 0,
        "change_size": abs(change) if change is not None else None,
        **{key: more.get(key) for key in ("hint", "href", "change", "icon", "unit")},
        "tone": tone,
    }


@register.simple_tag(name="when")
def when(value: datetime | date | None, relative: bool = True, exact: bool = True) -> SafeString | str:
    """`<time>` with "12 minutes ago · 08:40"; the full moment is in its title."""
    if value is None:
        return "–"
    now = clock.now()
    near = moments.relative(value, now=now) if relative else ""
    short = moments.short(value, now=now) if exact or not relative else ""
    text = near if near == short or not short else f"{near} · {short}" if near else short
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), moments.full(value), text)


@register.simple_tag(name="query", takes_context=True)
def query(context: Context, **changes: object) -> str:
    """This page's query string with `changes`; None removes a parameter. Begins with "?"."""
    values = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None or value == "":
            values.pop(key, None)
        else:
            values[key] = str(value)
    return f"?{values.urlencode()}"


@register.inclusion_tag("web/_components/pager.html", name="pager", takes_context=True)
def pager(context: Context, page: Any, target: str = "") -> dict[str, Any]:
    """Links to the neighbours of a `core.paging.Page`."""
    links = {side: query(context, page=cursor) if cursor else "" for side, cursor in _sides(page)}
    return {**links, "target": target, "path": context["request"].path}


def _sides(page: Any) -> tuple[tuple[str, str | None], ...]:
    return (("previous", page.previous), ("next", page.next))


@register.inclusion_tag("web/_components/field.html", name="field")
def field(bound: BoundField, label: object = None) -> dict[str, Any]:
    """A form field with its label, help and errors. `label` replaces the label; False hides it from sight only."""
    widget = bound.field.widget
    grouped = isinstance(widget, CheckboxSelectMultiple | RadioSelect)
    single = isinstance(widget, CheckboxInput)
    base = "form-check-input" if grouped or single else "form-select" if isinstance(widget, Select) else "form-control"
    own = widget.attrs.get("class", "")
    classes = " ".join(filter(None, (base, own, "is-invalid" if bound.errors else "")))
    ids = [f"{bound.auto_id}_{kind}" for kind, there in (("help", bound.help_text), ("error", bound.errors)) if there]
    attrs: dict[str, str | bool] = {"class": classes}
    if ids:
        attrs["aria-describedby"] = " ".join(ids)
    return {
        "bound": bound,
        "label": bound.label if label in (None, False) else label,
        "hidden_label": label is False,
        "grouped": grouped,
        "single": single,
        "control": None if grouped else bound.as_widget(attrs=attrs),
        "choices": [_choice(choice) for choice in bound.subwidgets] if grouped else [],
        "described": " ".join(ids),
        "optional": not bound.field.required and not single,
    }


def _choice(choice: BoundWidget) -> dict[str, Any]:
    choice.data["attrs"]["class"] = "form-check-input"
    return {"id": choice.id_for_label, "control": choice.tag(), "label": choice.choice_label}


@register.inclusion_tag("web/_components/form_errors.html", name="form_errors")
def form_errors(form: BaseForm) -> dict[str, Any]:
    return {"errors": form.non_field_errors()}


@register.inclusion_tag("web/_components/chart.html", name="chart")
def chart(kind: str, data_id: str, title: str, unit: str = "", source: str = "", height: str = "md") -> dict[str, Any]:
    """A chart of the JSON that `json_script` wrote under `data_id`, with its table and its source line."""
    if kind not in CHARTS or height not in HEIGHTS:
        raise ValueError(f"chart {kind!r}, height {height!r}: unknown kind or height")
    return {
        "kind": kind,
        "data_id": data_id,
        "title": title,
        "unit": unit,
        "source": source,
        "height": height,
        "missing": gettext("unknown"),
    }
