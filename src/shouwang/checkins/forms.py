"""What people fill in. Forms parse; rules decide."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from shouwang.checkins.actions import Asked
from shouwang.checkins.actions.alerts import REASON_LIMIT as CLOSE_LIMIT
from shouwang.checkins.models import BulkJob, Excuse
from shouwang.checkins.questions import field_of, name_of, said_of
from shouwang.checkins.rules import Answers, Protocols, Question, zones
from shouwang.checkins.rules.answers import NOTE_LIMIT, PLACE_LIMIT, REASON_LIMIT
from shouwang.checkins.rules.forms import LARGEST_BYTES
from shouwang.core import clock
from shouwang.core.errors import ShouwangError
from shouwang.org.models import Person

UNWELL = "unwell"  # the symptom of the clinic's own list; sent when somebody says no more than that
EXPOSED = (("yes", _("Yes")), ("no", _("No")), ("", _("I do not know")))
KNOWN = {"yes": True, "no": False, "": None}


class AnswersForm(forms.Form):
    """The answers of one check-in. `topic` is the button that was pressed; `protocols` say what is asked.

    Further questions stand in it under their code with `q_` before it; `highlight`, `fold` and `depend` say which of
    them a page shows at once, shows when it is opened, and shows when a symptom is ticked.
    """

    TOPICS = ("unchanged", "well", "unwell", "exposed", "place", "correct")

    client_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    topic = forms.ChoiceField(choices=[(topic, topic) for topic in TOPICS], widget=forms.HiddenInput)
    temperature_c = forms.DecimalField(
        label=_("Temperature, °C"),
        required=False,
        max_digits=5,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.1", "inputmode": "decimal", "placeholder": "36.5"}),
    )
    symptoms = forms.MultipleChoiceField(label=_("What do you feel?"), required=False)
    exposure = forms.ChoiceField(
        label=_("Were you near a case or a place of spread?"), required=False, choices=EXPOSED, widget=forms.RadioSelect
    )
    situation = forms.ChoiceField(label=_("Where are you now?"), required=False, choices=Person.Situation.choices)
    zone = forms.CharField(
        label=_("By which clock do you live there?"), required=False, max_length=64, widget=forms.Select
    )
    corrects = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    form = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    place_note = forms.CharField(
        label=_("District or city"),
        required=False,
        max_length=PLACE_LIMIT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    note = forms.CharField(
        label=_("Anything else"), required=False, max_length=NOTE_LIMIT, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(
        self,
        *args: Any,
        protocols: Protocols,
        highlight: Iterable[Question] = (),
        fold: Iterable[Question] = (),
        depend: Iterable[Question] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.protocols = protocols
        for question in protocols.questions.values():
            self.fields[name_of(question)] = field_of(question, protocols)
        self.group(highlight, fold, depend)
        if "zone" in self.fields:
            self.fields["zone"].widget = forms.Select(choices=zone_choices(clock.now()))
        symptoms = self.fields["symptoms"]
        assert isinstance(symptoms, forms.MultipleChoiceField)
        symptoms.widget = forms.CheckboxSelectMultiple()
        symptoms.choices = [(code, str(symptom.name)) for code, symptom in protocols.symptoms.items()]
        low, high = protocols.plausible_c
        self.fields["temperature_c"].widget.attrs |= {"min": low, "max": high}

    def group(
        self, highlight: Iterable[Question] = (), fold: Iterable[Question] = (), depend: Iterable[Question] = ()
    ) -> None:
        """Say which further questions are shown when. Those shown at once are asked for by the browser too."""
        highlight = tuple(highlight)
        for question in highlight:
            self.fields[name_of(question)].required = question.required
        self._shown = (highlight, tuple(fold), tuple(depend))

    def _bound(self, questions: Iterable[Question]) -> list[BoundField]:
        return [self[name_of(question)] for question in questions if name_of(question) in self.fields]

    @property
    def highlighted(self) -> list[BoundField]:
        """What is new to this person: shown at once."""
        return self._bound(self._shown[0])

    @property
    def folded(self) -> list[BoundField]:
        """What was answered before: shown when it is opened."""
        return self._bound(self._shown[1])

    @property
    def dependent(self) -> list[BoundField]:
        """What is asked of whoever has a symptom."""
        return self._bound(self._shown[2])

    @property
    def opened(self) -> bool:
        """Whether a folded question holds an error."""
        return any(bound.errors for bound in self.folded)

    def put(self, error: ShouwangError) -> None:
        """Show the sentence of a refusal at the field or question it names, else above all of them."""
        for name in (f"q_{error.field}", error.field):
            if name in self.fields and name not in ("form", "corrects"):
                self.add_error(name, error.sentence)
                return
        self.add_error(None, error.sentence)

    def answers(self) -> Answers:
        """Of a valid form. What a topic does not ask arrives as the page carried it over from earlier today."""
        values = self.cleaned_data
        topic = values["topic"]
        symptoms = tuple(values["symptoms"])
        extra = said_of(values, self.protocols)
        if topic == "unchanged":
            return Answers(unchanged=True, temperature_c=values["temperature_c"], extra=extra)
        if topic == "well":
            symptoms = ()
        if topic == "unwell" and not symptoms:
            symptoms = (UNWELL,)
        exposure = {"well": False, "exposed": True}.get(topic, KNOWN[values["exposure"]])
        return Answers(
            temperature_c=values["temperature_c"],
            symptoms=symptoms,
            exposure=exposure,
            place_changed=topic == "place",
            place_note=values["place_note"],
            note=values["note"],
            situation=values["situation"] if topic == "place" else "",
            zone=values.get("zone", "") if topic == "place" else "",
            extra=extra,
        )


class ProxyForm(AnswersForm):
    """A check-in for somebody else, as they told it."""

    TOLD = (("well", _("Well: no symptoms, no known exposure")), ("unwell", _("Unwell or exposed")))

    topic = forms.ChoiceField(label=_("What they told you"), choices=TOLD, widget=forms.RadioSelect)
    proxy_reason = forms.CharField(
        label=_("Why do you enter it for them?"),
        max_length=REASON_LIMIT,
        help_text=_("They can read this. Enter only for somebody you have spoken to today."),
        widget=forms.TextInput(attrs={"list": "proxy-reasons", "autocomplete": "off"}),
    )
    situation = None  # type: ignore[assignment]  # so Django forms leave out an inherited field
    zone = None  # type: ignore[assignment]  # likewise

    field_order = ("client_key", "proxy_reason", "topic", "temperature_c", "symptoms", "exposure", "note")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        ill = values.get("symptoms") or values.get("exposure") == "yes"
        if values.get("topic") == "well" and ill:
            self.add_error("topic", _("Symptoms or an exposure are marked: say “unwell or exposed”, or clear them."))
        values["situation"] = ""
        return values

    def answers(self) -> Answers:
        values = self.cleaned_data
        if values["topic"] == "unwell" and not values["symptoms"] and values["exposure"] == "yes":
            return Answers(
                temperature_c=values["temperature_c"],
                exposure=True,
                place_note=values["place_note"],
                note=values["note"],
            )
        return super().answers()


class CloseForm(forms.Form):
    reason = forms.CharField(
        label=_("Why no case is opened"),
        max_length=CLOSE_LIMIT,
        help_text=_("The person can read this."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    also = forms.BooleanField(label=_("Close the other findings with the same reason"), required=False, initial=True)


class BulkForm(forms.Form):
    """One act on the people ticked."""

    kind = forms.ChoiceField(label=_("What to do"), choices=BulkJob.Kind.choices)
    code = forms.ChoiceField(label=_("Reason"), required=False, choices=[("", "–"), *Excuse.Code.choices])
    starts = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    ends = forms.DateField(label=_("Until (included)"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    text = forms.CharField(
        label=_("Words"),
        required=False,
        max_length=REASON_LIMIT,
        help_text=_("By telephone: why you enter it, the person can read this. Excuse: a note."),
    )

    def asked(self) -> Asked:
        values = self.cleaned_data
        return Asked(values["kind"], values["code"], values["starts"], values["ends"], values["text"])


class PublishForm(forms.Form):
    """A form document, as a file or as text."""

    file = forms.FileField(label=_("Form document (TOML)"), required=False)
    text = forms.CharField(
        label=_("or its text"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if bool(values.get("file")) == bool(values.get("text", "").strip()):
            self.add_error("text", _("Choose a file or paste the text, one of the two."))
        return values

    def document(self) -> bytes:
        """Of a valid form; not more than a form may hold is read."""
        upload = self.cleaned_data["file"]
        if upload:
            raw: bytes = upload.read(LARGEST_BYTES + 1)
            return raw
        return str(self.cleaned_data["text"]).replace("\r\n", "\n").encode()


def new_key(at: datetime | None = None) -> str:
    """The key of one form on one page: sending that form twice gives the same receipt.

    13 hexadecimal digits of milliseconds and 96 random bits: keys made one after the other stand side by side in the
    index, which then grows at its end.
    """
    return f"{int((at or clock.now()).timestamp() * 1000):013x}-{secrets.token_hex(12)}"


def zone_choices(at: datetime) -> list[tuple[str, str]]:
    """Clocks to choose from, west to east; the first leaves it as it is."""
    listed: Mapping[str, str] = {
        name: f"{zones.label(name)} · {zones.ahead(zones.named(name), at)}" for name in zones.COARSE
    }
    return [("", str(_("as before"))), *listed.items()]
