"""Addresses of check-ins."""

from __future__ import annotations

from django.urls import path

from shouwang.checkins import views

app_name = "checkins"
urlpatterns = [
    path("", views.today, name="today"),
    path("history/", views.history, name="history"),
    path("shell/", views.shell, name="shell"),
    path("link/", views.link, name="link"),
    path("link/withdraw/", views.withdraw, name="withdraw"),
    path("unit/", views.unit, name="unit"),
    path("unit/numbers/", views.numbers, name="numbers"),
    path("unit/act/", views.bulk, name="bulk"),
    path("unit/export/", views.export, name="export"),
    path("unit/jobs/<int:job_id>/", views.bulk_job, name="bulk_job"),
    path("unit/jobs/<int:job_id>/take-up/", views.take_up_job, name="take_up_job"),
    path("unit/person/<int:person_id>/why/", views.why, name="why"),
    path("unit/person/<int:person_id>/", views.person, name="person"),
    path("unit/person/<int:person_id>/enter/", views.proxy, name="proxy"),
    path("quality/", views.quality, name="quality"),
    path("quality/<int:note_id>/answer/", views.answer_quality, name="answer_quality"),
    path("forms/", views.forms, name="forms"),
    path("forms/<int:version_id>/withdraw/", views.withdraw_form, name="withdraw_form"),
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/<int:alert_id>/", views.alert, name="alert"),
    path("alerts/<int:alert_id>/close/", views.close, name="close_alert"),
]

# Without signing in: the address is the pass.
by_link = [path("<str:ticket>/", views.by_link, name="by_link")]
