"""A form's refusal as a typed error that names the field."""

from __future__ import annotations

import pytest
from django import forms

from shouwang.core.errors import BadInput
from shouwang.core.forms import cleaned


class Asked(forms.Form):
    day = forms.DateField(error_messages={"required": "Which day?"})


def test_a_sound_form_gives_its_values() -> None:
    assert str(cleaned(Asked({"day": "2026-03-02"}))["day"]) == "2026-03-02"


@pytest.mark.parametrize(
    ("sentence", "said"), [(None, "Which day?"), ("This page is not known.", "This page is not known.")]
)
def test_the_first_field_is_named_in_the_forms_words_or_ours(sentence: str | None, said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        cleaned(Asked({}), sentence)
    assert (refusal.value.field, refusal.value.sentence) == ("day", said)
