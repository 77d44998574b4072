"""Taking answers in, and saying that they were checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouwang.core import audit, clock, events
from shouwang.core.errors import BadInput, Conflict, Forbidden, NotFound
from shouwang.core.scope import Actor
from shouwang.org.models import Person
from shouwang.surveys import rules
from shouwang.surveys.models import Campaign, Source, Submission, Target
from shouwang.surveys.queries.forms import form_of

REASON_LIMIT = 200
FAULTS_SHOWN = 100


class BadAnswers(BadInput):
    """Answers that cannot be taken; `faults` says which question and why."""

    code = "answers_incomplete"

    def __init__(self, state: rules.Evaluation) -> None:
        self.faults: Sequence[rules.Fault] = tuple(state.faults)
        first = self.faults[0]
        super().__init__(
            _("%(count)s answers are missing or not possible. The first, “%(key)s”: %(why)s"),
            field=first.key,
            count=len(self.faults),
            key=first.key,
            why=first.sentence,
            faults=[
                {"key": f.key, "turn": list(f.turn), "code": f.code, "message": f.sentence}
                for f in self.faults[:FAULTS_SHOWN]
            ],
        )


def submit(
    campaign: Campaign,
    *,
    person: Person,
    answers: Mapping[str, Any],
    client_key: str,
    proxy_reason: str = "",
    mouth: str = "",
    by: Actor,
    at: datetime,
) -> Submission:
    """Take in the answers about `person`; a retry with the same key and answers returns the row of the first.

    By the person, or with survey.proxy and a reason. BadAnswers names every question; NotFound when the person is not
    asked; Conflict when the campaign is closed, when the key was used for something else, or when somebody else would
    speak over the person's own word. On error nothing is written.
    """
    proxy = by.person_id != person.pk
    if proxy and not by.holds("survey.proxy", person.home_path):
        raise Forbidden
    reason = proxy_reason.strip()
    if proxy and not 0 < len(reason) <= REASON_LIMIT:
        raise BadInput(
            _("Say why you enter this for somebody else; they can read it."), code="proxy_reason_required",
            field="proxy_reason",
        )  # fmt: skip
    if not 0 < len(client_key) <= 120:
        raise BadInput(_("The key of this submission is missing or too long."), field="client_key")
    now = at.astimezone(clock.zone())
    state = rules.evaluate(form_of(campaign.version), answers, now=now, language=get_language() or "zh-hans")
    try:
        return _store(campaign, person, state, client_key, reason if proxy else "", mouth or by.mouth, by=by, at=at)
    except IntegrityError:
        # The same submission arrived twice at once: the second look finds the first and answers as it did.
        return _store(campaign, person, state, client_key, reason if proxy else "", mouth or by.mouth, by=by, at=at)


@transaction.atomic
def _store(
    campaign: Campaign,
    person: Person,
    state: rules.Evaluation,
    client_key: str,
    reason: str,
    mouth: str,
    *,
    by: Actor,
    at: datetime,
) -> Submission:
    row = Submission.objects.filter(client_key=client_key).first()
    if row is not None:
        if (row.campaign_id, row.person_id, row.answers) == (campaign.pk, person.pk, state.answers()):
            return row
        raise Conflict(_("This form was sent already, with other answers. Open it again."), code="sent_differently")
    live = Campaign.objects.filter(pk=campaign.pk).values_list("state", flat=True).first()
    if live != Campaign.State.OPEN:
        raise Conflict(_("This survey takes no answers now."), code="campaign_closed")
    targets = Target.objects.select_for_update().filter(campaign=campaign, person=person, left_at__isnull=True)
    target = targets.first()
    if target is None:
        raise NotFound
    if reason and target.source in (Source.SELF, Source.VERIFIED):
        raise Conflict(_("They have answered themselves. Their own answer stands."), code="already_in")
    if state.faults:
        raise BadAnswers(state)
    Submission.objects.filter(campaign=campaign, person=person, current=True).update(current=False)
    source = Source.PROXY if reason else Source.SELF
    row = Submission.objects.create(
        campaign=campaign,
        person=person,
        version=campaign.version,
        answers=state.answers(),
        source=source,
        mouth=mouth,
        proxy_reason=reason,
        account_id=by.account_id,
        at=at,
        client_key=client_key,
        purge_on=campaign.purge_on,
    )
    target.source, target.answered_at = source, at
    target.save(update_fields=["source", "answered_at"])
    # The log is read by people without health rights: who and how, never what.
    audit.record(
        "survey.submitted", "survey", campaign.pk, by=by, at=at, subject=person.pk, new={"source": str(source)}
    )
    events.publish("survey.submitted", submission=row, by=by, at=at)
    return row


@transaction.atomic
def verify(submission: Submission, *, by: Actor, at: datetime) -> Submission:
    """`by` has checked these answers (a certificate seen, a call made). Needs survey.view; Conflict when corrected."""
    if not by.holds("survey.view", submission.person.home_path):
        raise NotFound
    row = Submission.objects.select_for_update().get(pk=submission.pk)
    if not row.current:
        raise Conflict(_("These answers have been corrected since. Look again."), code="not_current")
    if row.verified_at is None:
        row.verified_at, row.verified_by_id = at, by.account_id
        row.save(update_fields=["verified_at", "verified_by"])
        Target.objects.filter(campaign=row.campaign_id, person=row.person_id).update(source=Source.VERIFIED)
        audit.record("survey.verified", "survey", row.campaign_id, by=by, at=at, subject=row.person_id)
    return row
