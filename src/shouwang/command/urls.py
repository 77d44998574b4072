from __future__ import annotations

from django.urls import path

from shouwang.command import views

app_name = "command"
urlpatterns = [
    path("picture/", views.picture, name="picture"),
    path("report/", views.report, name="report"),
    path("report.docx", views.report_docx, name="report_docx"),
    path("report.json", views.report_json, name="report_json"),
    path("report/issue/", views.issue, name="issue"),
    path("report/issued/<int:pk>/", views.version, name="version"),
    path("level/", views.level, name="level"),
    path("places/", views.places, name="places"),
    path("places/<int:pk>/", views.places, name="place"),
]
