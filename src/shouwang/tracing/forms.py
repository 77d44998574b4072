"""Forms of tracing: they parse, rules and actions judge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from shouwang.cases.forms import moment_field
from shouwang.checkins.forms import ProxyForm
from shouwang.core.forms import choose
from shouwang.tracing.models import Contact, FollowUpCall, TransmissionLink
from shouwang.tracing.models_lessons import LessonChange
from shouwang.tracing.models_scans import PlaceScan
from shouwang.tracing.models_told import Statement
from shouwang.tracing.queries.following import SHOWS
from shouwang.tracing.rules.interviews import LONGEST_PLACE, LONGEST_TEXT, MOST_OFF

FORMATS = [
    ("gate", _("Door or gate swipes")),
    ("visits", _("Visits with begin and end")),
    ("proximity", _("Sensor pairs")),
    ("wifi", _("Wi-Fi associations")),
]


LARGEST_ID = 2**63 - 1
TICKED = forms.IntegerField(min_value=1, max_value=LARGEST_ID)


class ConfirmForm(forms.Form):
    version = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)


class DismissForm(ConfirmForm):
    reason = forms.CharField(
        label=_("Why is this person no contact?"),
        max_length=300,
        error_messages={"required": _("Give a reason.")},
    )


class EncounterForm(forms.Form):
    """What is decided about everybody ticked at one encounter, and the one reason."""

    what = forms.ChoiceField(choices=[("confirm", ""), ("dismiss", "")])
    reason = forms.CharField(max_length=300, error_messages={"required": _("Give one reason for all of them.")})


class TakeBackForm(forms.Form):
    tracer = forms.IntegerField(min_value=1, max_value=LARGEST_ID)
    reason = forms.CharField(max_length=300, error_messages={"required": _("Say why they are taken back.")})


class NetworkForm(forms.Form):
    by = forms.ChoiceField(required=False, choices=[("unit", ""), ("place", "")])
    grade = forms.ChoiceField(required=False, choices=[("close", ""), ("all", "")])


class PreviewForm(forms.Form):
    edition = forms.CharField(required=False, max_length=60)
    last_negative = forms.DateTimeField(required=False)


class ApplyRuleForm(forms.Form):
    edition = forms.CharField(max_length=60)
    last_negative = forms.DateTimeField(required=False)
    reason = forms.CharField(
        max_length=300, error_messages={"required": _("Say why another rule is used for this case.")}
    )


class GradeForm(ConfirmForm):
    grade = forms.CharField(required=False, max_length=20)
    reason = forms.CharField(max_length=300, error_messages={"required": _("Say why the grade is changed.")})


class WhyForm(forms.Form):
    q = forms.CharField(required=False, max_length=60)
    person = forms.CharField(required=False, max_length=40)


class FilterForm(forms.Form):
    state = forms.ChoiceField(required=False, choices=[("", ""), *Contact.State.choices])
    grade = forms.CharField(required=False, max_length=20)
    q = forms.CharField(required=False, max_length=60)
    page = forms.CharField(required=False, max_length=400)


class PresenceForm(forms.Form):
    file = forms.FileField(label=_("File"))
    source_format = forms.ChoiceField(label=_("What it holds"), choices=FORMATS)
    step = forms.IntegerField(
        label=_("Seconds of one sensor record"), initial=20, min_value=1, max_value=86_400, required=False,
        help_text=_("Sensor pairs only: a record at t covers the seconds before it."),
    )  # fmt: skip
    create_people = forms.BooleanField(label=_("Create people the roster does not know"), required=False)
    create_places = forms.BooleanField(label=_("Create places that are not known"), required=False)


class StatementForm(forms.Form):
    """What somebody said in an interview."""

    starts_at = moment_field(_("Beginning"), required=_("Enter when it began."))
    ends_at = moment_field(_("Ending"), required=_("Enter when it ended."))
    where = forms.CharField(
        label=_("At which place"),
        required=False,
        max_length=LONGEST_PLACE,
        help_text=_("Code or name of a place of the campus, then it counts with the next trace; otherwise in words."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    company = forms.CharField(
        label=_("With whom or what"),
        required=False,
        max_length=LONGEST_TEXT,
        help_text=_("In words: “two friends from home”, “taxi”, “table at the window”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    companions = forms.CharField(
        label=_("Numbers of people who were there"),
        required=False,
        max_length=1000,
        help_text=_("Student or staff numbers, separated by commas; they count with the next trace."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    certainty = forms.ChoiceField(
        label=_("How sure"), choices=Statement.Certainty.choices, widget=forms.RadioSelect, initial="sure"
    )
    give_or_take = forms.IntegerField(
        label=_("Give or take, minutes"),
        required=False,
        min_value=0,
        max_value=MOST_OFF,
        help_text=_("How far either time may be off. Empty: as assumed for “about” and “heard”."),
    )


class CorrectStatementForm(StatementForm):
    version = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why is it corrected?"), max_length=300, error_messages={"required": _("Say why it is corrected.")}
    )


class WithdrawForm(ConfirmForm):
    reason = forms.CharField(max_length=300, error_messages={"required": _("Say why the statement no longer counts.")})


class UnknownForm(forms.Form):
    """Somebody the case met whom nobody knows yet."""

    description = forms.CharField(
        label=_("Whom did the case meet?"),
        max_length=LONGEST_TEXT,
        help_text=_("What is known of them: “taxi driver, white car, plate 沪A…”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Describe the person: what did the case notice?")},
    )
    starts_at = moment_field(_("Beginning"), required=_("Enter when it began."))
    ends_at = moment_field(_("Ending"), _("Leave it empty when nobody knows how long."))
    place_text = forms.CharField(label=_("At which place"), required=False, max_length=LONGEST_PLACE)
    find_by = forms.CharField(
        label=_("How they could be found"),
        required=False,
        max_length=LONGEST_TEXT,
        help_text=_("Receipt, payment record, camera, somebody who knows them."),
    )


class IdentifyForm(ConfirmForm):
    person = forms.CharField(
        label=_("Student or staff number"), max_length=40, error_messages={"required": _("Enter a number.")}
    )
    ends_at = moment_field(_("Ending"))


class GiveUpForm(ConfirmForm):
    reason = forms.CharField(
        label=_("What was tried?"), max_length=300, error_messages={"required": _("Say what was tried.")}
    )


class LessonChangeForm(forms.Form):
    """One lesson that is not held as the timetable says."""

    code = forms.CharField(label=_("Course code"), max_length=60)
    day = forms.DateField(label=_("Day in the timetable"), widget=forms.DateInput(attrs={"type": "date"}))
    starts = forms.TimeField(
        label=_("Start in the timetable"),
        required=False,
        help_text=_("Leave it empty for all lessons of the course on that day."),
        widget=forms.TimeInput(attrs={"type": "time"}),
    )
    what = forms.ChoiceField(label=_("What changes"), choices=LessonChange.What.choices, widget=forms.RadioSelect)
    to_day = forms.DateField(label=_("New day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    to_starts = forms.TimeField(label=_("New start"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    to_ends = forms.TimeField(label=_("New end"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    to_place = forms.CharField(
        label=_("New room"), required=False, max_length=120, help_text=_("Code or name of the room.")
    )


class LessonFileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "Columns: course code, date, change, and where they apply start, new date, new start, new end, new room."
        ),
    )


class SheetForm(forms.Form):
    form = forms.ChoiceField(choices=[("xlsx", "Excel"), ("docx", "Word"), ("sormas", "SORMAS"), ("godata", "Go.Data")])
    full = forms.BooleanField(required=False)


class OutsideForm(forms.Form):
    """A file of contacts of another system."""

    file = forms.FileField(label=_("File"), error_messages={"required": _("Choose the file.")})
    order = forms.ChoiceField(
        label=_("Days such as 03/04/2020 are written"),
        choices=[("", _("find out from the file")), ("day", _("day first")), ("month", _("month first"))],
        required=False,
    )


class GatheringForm(forms.Form):
    """What was held, and who took part."""

    title = forms.CharField(label=_("What was it"), max_length=120)
    where = forms.CharField(
        label=_("At which place"), max_length=120, help_text=_("Code or name of a place of the campus.")
    )
    starts_at = moment_field(_("Beginning"), required=_("Enter when it began."))
    ends_at = moment_field(_("Ending"), required=_("Enter when it ended."))
    numbers = forms.CharField(
        label=_("Numbers of those who took part"),
        max_length=200_000,
        help_text=_("Student or staff numbers, one a line or separated by commas."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class VisitorForm(forms.Form):
    """Who comes to the gate: as little as is needed to call them."""

    name = forms.CharField(label=_("Name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    phone = forms.CharField(
        label=_("Telephone"), max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )  # fmt: skip
    where = forms.CharField(label=_("Where to"), max_length=120, help_text=_("Code or name of a place of the campus."))
    until = forms.TimeField(label=_("Expected until"), widget=forms.TimeInput(attrs={"type": "time"}))
    host = forms.CharField(
        label=_("Number of the host"), max_length=40, required=False, help_text=_("Student or staff number, if known.")
    )
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ClockForm(forms.Form):
    """A reader whose clock somebody has looked at."""

    where = forms.CharField(label=_("Reader"), max_length=120, help_text=_("Code or name of the door, till or room."))
    seconds = forms.IntegerField(
        label=_("Off by how many seconds"), min_value=1, max_value=43_200, help_text=_("An hour is 3,600 seconds.")
    )
    way = forms.TypedChoiceField(
        label=_("Its clock is"), coerce=int, choices=[(1, _("ahead (shows a later time)")), (-1, _("behind"))]
    )
    first = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: until further notice."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("How it was found: “compared with a phone at 9:10”.")
    )


class ClockAnswerForm(forms.Form):
    answer = forms.ChoiceField(choices=[(code, code) for code in ("accept", "reject", "withdraw")])
    reason = forms.CharField(max_length=300)


class PlaceCodeForm(forms.Form):
    """A new edition of a poster."""

    days = forms.IntegerField(
        label=_("Good for how many days"), required=False, min_value=1, max_value=366,
        help_text=_("Empty: until the next is issued. A code that changes cannot be scanned from an old photograph."),
    )  # fmt: skip


class ScanForm(forms.Form):
    """One tap on the page that a poster opens."""

    way = forms.ChoiceField(choices=PlaceScan.Way.choices)
    key = forms.CharField(max_length=64)


class SeatPlanForm(forms.Form):
    """A sheet of seats, and which room, days and hours it is of."""

    file = forms.FileField(label=_("File"), help_text=_("Columns: student number, row, seat. Or both in one: 3排5座."))
    title = forms.CharField(label=_("What is it the plan of"), max_length=120)
    where = forms.CharField(label=_("In which room"), max_length=120, help_text=_("Code or name of the room."))
    first_day = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    weekday = forms.TypedChoiceField(
        label=_("On which weekday"), required=False, coerce=int, empty_value=None,
        choices=[("", _("every day")), *((n, name) for n, name in enumerate(WEEKDAYS.values(), 1))],
    )  # fmt: skip
    starts = forms.TimeField(label=_("From what time"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    ends = forms.TimeField(label=_("Until what time"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))


class SpeakerForm(forms.Form):
    person = forms.CharField(required=False, max_length=40)


class FollowUpFilterForm(forms.Form):
    show = forms.ChoiceField(required=False, choices=[(name, name) for name in SHOWS])
    whose = forms.ChoiceField(required=False, choices=[("mine", ""), ("all", "")])
    q = forms.CharField(required=False, max_length=60)
    page = forms.CharField(required=False, max_length=400)


class CallForm(ProxyForm):
    """A call or a visit, and what the person said if they were reached."""

    how = forms.ChoiceField(label=_("How"), choices=FollowUpCall.How.choices, widget=forms.RadioSelect)
    outcome = forms.ChoiceField(
        label=_("What came of it"), choices=FollowUpCall.Outcome.choices, widget=forms.RadioSelect
    )
    remark = forms.CharField(
        label=_("Remark on the call"), required=False, max_length=300, help_text=_("The person can read this."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    proxy_reason = None  # type: ignore[assignment]  # so Django forms leave out an inherited field

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topic"].required = False

    @property
    def reached(self) -> bool:
        return bool(self.cleaned_data.get("outcome") == FollowUpCall.Outcome.REACHED)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.reached and not values.get("topic"):
            self.add_error("topic", _("Say what they told you."))
        return values


class HandOverForm(ConfirmForm):
    to = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)


class EndFollowUpForm(ConfirmForm):
    reason = forms.CharField(
        label=_("Why does it end?"),
        max_length=300,
        help_text=_("The person can read this."),
        error_messages={"required": _("Say why the follow-up ends.")},
    )


class ChainsForm(forms.Form):
    """Which chains, and how they are drawn."""

    disease = forms.ChoiceField(label=_("Disease"), widget=forms.Select(attrs={"class": "form-select"}))
    first = forms.DateField(label=_("Detected from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("to"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    links = forms.ChoiceField(
        label=_("Links"), choices=[("all", _("accepted and proposed")), ("accepted", _("accepted only"))],
        widget=forms.Select(attrs={"class": "form-select"}),
    )  # fmt: skip
    arrange = forms.ChoiceField(
        label=_("Arranged by"), choices=[("day", _("day of onset")), ("generation", _("generation"))],
        widget=forms.Select(attrs={"class": "form-select"}),
    )  # fmt: skip

    def __init__(self, data: Mapping[str, Any], *, diseases: Mapping[str, str]) -> None:
        super().__init__(data)
        choose(self, "disease", diseases.items())

    @staticmethod
    def default(today: date, disease: str) -> dict[str, str]:
        """Sixty days up to today."""
        first = today - timedelta(days=59)
        return {
            "disease": disease,
            "first": first.isoformat(),
            "last": today.isoformat(),
            "links": "all",
            "arrange": "day",
        }


class LinkForm(ConfirmForm):
    """A decision about a link: which way, and why."""

    what = forms.ChoiceField(choices=[("accept", ""), ("reject", ""), ("reopen", "")])
    reason = forms.CharField(max_length=300, error_messages={"required": _("Say why.")})


class SourceForm(forms.Form):
    """A source that a tracer knows of."""

    origin = forms.ChoiceField(label=_("Infected by"), choices=TransmissionLink.Origin.choices)
    infector = forms.CharField(label=_("Number of the other case"), max_length=20, required=False)
    reason = forms.CharField(
        label=_("What is known, and from whom"), max_length=300, error_messages={"required": _("Say why.")}
    )
