from __future__ import annotations

from django.urls import path

from shouwang.tracing.views import data, desk

app_name = "tracing"
urlpatterns = [
    path("", desk.desk, name="desk"),
    path("cases/<int:pk>/", desk.case, name="case"),
    path("cases/<int:pk>/trace/", desk.trace, name="trace"),
    path("cases/<int:pk>/confirm-close/", desk.confirm_close, name="confirm_close"),
    path("cases/<int:pk>/decide/", desk.decide_ticked, name="decide_ticked"),
    path("cases/<int:pk>/network/", desk.network, name="network"),
    path("cases/<int:pk>/timeline/", desk.timeline, name="timeline"),
    path("cases/<int:pk>/places/", desk.places, name="places"),
    path("cases/<int:pk>/places/<int:place_pk>/", desk.place, name="place"),
    path("contacts/<int:pk>/", desk.evidence, name="evidence"),
    path("contacts/<int:pk>/confirm/", desk.confirm, name="confirm"),
    path("contacts/<int:pk>/dismiss/", desk.dismiss, name="dismiss"),
    path("contacts/<int:pk>/reconsider/", desk.reconsider, name="reconsider"),
    path("presence/", data.days, name="days"),
    path("presence/import/", data.bring, name="bring"),
]
