"""The component tags: numbers that never lie, moments, fields with their errors, charts."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.translation import override

from shouwang.core.paging import Page
from shouwang.org.tests.cast import NOON
from shouwang.web import moments
from shouwang.web.templatetags.shell import number, share


def render(source: str, **context: object) -> str:
    with override("en"):
        return Template(source).render(Context({"request": RequestFactory().get("/list/?q=a&page=x"), **context}))


def test_missing_is_never_zero() -> None:
    html = render('{% stat "Contacts traced" value denominator=47 as_of=at %}', value=None, at=NOON)
    assert "unknown" in html
    assert "/ 47" in html
    assert "%" not in html
    assert "stat-unknown" in html
    zero = render('{% stat "Contacts traced" 0 denominator=47 %}')
    assert "unknown" not in zero
    assert "0%" in zero


def test_stat_shows_denominator_share_time_and_change() -> None:
    html = render('{% stat "Checked in" 1234 denominator=1400 as_of=at change=change %}', at=NOON, change=-12)
    for part in ("1,234", "/ 1,400", "88.1%", "<time", "12 since yesterday", "#arrow-down"):
        assert part in html, part
    assert "as yesterday" in render('{% stat "Checked in" 5 change=0 %}')


def test_nothing_is_no_alarm() -> None:
    assert "tone-text-danger" in render('{% stat "Late clocks" 3 tone="danger" %}')
    assert "danger" not in render('{% stat "Late clocks" 0 tone="danger" %}')
    assert "tone-text-good" in render('{% stat "Checked in" 0 tone="good" %}')


def test_stat_rejects_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="colour"):
        render('{% stat "Checked in" 5 colour="red" %}')
    with pytest.raises(ValueError, match="tone"):
        render('{% stat "Checked in" 5 tone="red" %}')


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(1, 2, "50%"), (1, 3, "33.3%"), (0, 7, "0%"), (None, 7, "–"), (3, 0, "–"), (3, None, "–"),
     (29_999, 30_000, "99.9%"), (1, 30_000, "<0.1%"), (7, 7, "100%")],
)  # fmt: skip
def test_share_is_never_rounded_to_all_or_nothing(part: int | None, whole: int | None, text: str) -> None:
    assert share(part, whole) == text


def test_numbers() -> None:
    with override("en"):
        assert [number(n) for n in (0, 1234567, 1.5, 2.0, None, "36.5 °C")] == [
            "0", "1,234,567", "1.5", "2", "unknown", "36.5 °C",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("away", "text"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(seconds=20), "in a moment"),
        (timedelta(minutes=-1), "1 minute ago"),
        (timedelta(minutes=-42), "42 minutes ago"),
        (timedelta(hours=2), "in 2 hours"),
        (timedelta(hours=-30), "yesterday"),
        (timedelta(days=-5), "5 days ago"),
        (timedelta(days=3), "in 3 days"),
        (timedelta(days=-400), ""),
    ],
)
def test_moments_as_people_say_them(away: timedelta, text: str) -> None:
    with override("en"):
        assert moments.relative(NOON + away, now=NOON) == text


def test_a_day_is_the_institutions_day() -> None:
    # 17:00 UTC on 1 March is already 2 March in Shanghai.
    night = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)
    assert moments.short(night, now=NOON) == "01:00"
    with override("en"):
        assert moments.relative(date(2026, 3, 1), now=night) == "yesterday"


def test_icons_are_decoration_unless_named() -> None:
    assert 'aria-hidden="true"' in render('{% icon "home" %}')
    assert 'role="img" aria-label="late &lt;"' in render('{% icon "clock" label=text %}', text="late <")
    with pytest.raises(ValueError, match="sprite"):
        render('{% icon "no-such-icon" %}')


def test_severity_is_told_by_word_and_icon_too() -> None:
    html = render('{% severity "urgent" %}{% severity "high" label %}', label="Bad")
    assert "urgent" in html
    assert "#alert-octagon" in html
    assert "Bad" in html
    assert "from-a-pack" in render('{% severity "from-a-pack" %}')


class Example(forms.Form):
    name = forms.CharField(label="Name", help_text="As on the card")
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    signs = forms.MultipleChoiceField(label="Signs", choices=[("fever", "Fever")], widget=forms.CheckboxSelectMultiple)
    sure = forms.BooleanField(label="I am sure")


def test_fields_tie_help_and_errors_to_their_control() -> None:
    html = render("{% for f in form %}{% field f %}{% endfor %}", form=Example({"name": ""}))
    assert 'aria-describedby="id_name_help id_name_error"' in html
    assert 'id="id_name_help"' in html
    assert 'id="id_name_error"' in html
    assert 'class="form-control is-invalid"' in html
    assert "<fieldset" in html
    choice = re.search(r'<input type="checkbox" name="signs"[^>]*>', html)
    assert choice
    assert 'class="form-check-input"' in choice[0]
    assert 'id="id_signs_0"' in choice[0]
    assert html.count("optional") == 2  # the class and the word, of one field
    assert "visually-hidden" in render("{% field form.name label=False %}", form=Example())


def test_pager_keeps_the_other_parameters() -> None:
    html = render("{% pager page %}", page=Page([], next="abc", previous=None))
    assert 'href="?q=a&amp;page=abc"' in html
    assert "prev" not in html
    assert "<nav" not in render("{% pager page %}", page=Page([], next=None, previous=None))


def test_chart_has_a_name_a_table_and_a_source() -> None:
    html = render('{% chart "bar" "data" title="Cases" unit="people" source="Register, 08:00" %}')
    assert 'role="img" aria-label="Cases (people)"' in html
    assert "<details" in html
    assert "Source: Register, 08:00" in " ".join(html.split())
    with pytest.raises(ValueError, match="pie"):
        render('{% chart "pie" "data" title="Cases" %}')


def test_query_changes_and_removes() -> None:
    assert render("{% query page=None q='b' %}") == "?q=b"
