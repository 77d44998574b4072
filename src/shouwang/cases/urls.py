"""Addresses of the case pages."""

from __future__ import annotations

from django.urls import include, path

from shouwang.cases import views
from shouwang.cases.outward import views as outward

app_name = "cases"
urlpatterns = [
    path("", views.case_list, name="list"),
    path("open/", views.open_case, name="open"),
    path("open/alert/<int:alert_id>/", views.open_from_alert, name="open_from_alert"),
    path("clocks/", views.clock_list, name="clocks"),
    path("curve/", views.curve, name="curve"),
    path("delays/", views.delays, name="delays"),
    path("delays/file/", views.delays_file, name="delays_file"),
    path("lines/", include("shouwang.cases.outward.urls")),
    path("inward/", include("shouwang.cases.inward.urls")),
    path("tests/", include("shouwang.cases.laboratory.urls")),
    path("", include("shouwang.cases.care.urls")),
    path("<int:case_id>/", views.case, name="case"),
    path("<int:case_id>/card/", outward.card, name="card"),
    path("<int:case_id>/card/sent/", outward.card_sent, name="card_sent"),
    path("<int:case_id>/card/file/", outward.card_file, name="card_file"),
    path("<int:case_id>/classify/", views.classify, name="classify"),
    path("<int:case_id>/dates/", views.dates, name="dates"),
    path("<int:case_id>/mark/<slug:field>/", views.mark, name="mark"),
    path("<int:case_id>/close/", views.close, name="close"),
    path("<int:case_id>/merge/", views.merge, name="merge"),
    path("merges/<int:merge_id>/undo/", views.unmerge, name="unmerge"),
    path("<int:case_id>/reopen/", views.reopen, name="reopen"),
]
