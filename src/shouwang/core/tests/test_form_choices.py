"""Choices that one form offers and no other."""

from __future__ import annotations

import pytest
from django import forms

from shouwang.core.forms import choose, choose_from, offers
from shouwang.core.models import ActivePack


class Asking(forms.Form):
    colour = forms.ChoiceField()
    pack = forms.ModelChoiceField(queryset=ActivePack.objects.none())
    words = forms.CharField()


def test_choices_are_those_of_one_form() -> None:
    one, other = Asking(), Asking()
    choose(one, "colour", {"r": "red", "g": "green"}.items())
    assert offers(one, "colour")
    assert not offers(other, "colour")
    assert 'value="g"' in str(one["colour"])


def test_what_is_not_offered_is_refused() -> None:
    form = Asking({"colour": "b"})
    choose(form, "colour", [("r", "red")])
    assert "colour" in form.errors


def test_rows_are_those_of_one_form() -> None:
    one, other, rows = Asking(), Asking(), ActivePack.objects.filter(code="x")
    choose_from(one, "pack", rows)
    shown, kept = one.fields["pack"], other.fields["pack"]
    assert isinstance(shown, forms.ModelChoiceField) and isinstance(kept, forms.ModelChoiceField)
    assert shown.queryset is not None and kept.queryset is not None
    assert str(shown.queryset.query) == str(rows.query)
    assert kept.queryset.query.is_empty()


def test_a_field_without_choices_is_a_fault_of_ours() -> None:
    with pytest.raises(AssertionError):
        choose(Asking(), "words", [])
