"""Addresses of the line list."""

from __future__ import annotations

from django.urls import path

from shouwang.cases.outward import views

urlpatterns = [
    path("", views.lines, name="lines"),
    path("research/", views.research_file, name="research_file"),
    path("file/", views.lines_file, name="lines_file"),
]
