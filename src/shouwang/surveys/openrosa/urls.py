"""Addresses that Collect expects below the server's: /openrosa/formList and so on."""

from __future__ import annotations

from django.urls import path

from shouwang.surveys.openrosa import views

app_name = "openrosa"
urlpatterns = [
    path("formList", views.forms, name="form_list"),
    path("forms/<int:campaign_id>", views.form, name="form"),
    path("submission", views.submission, name="submission"),
]
