"""Addresses of mending."""

from __future__ import annotations

from django.urls import path

from shouwang.command.mending import views

urlpatterns = [
    path("gaps/", views.gaps, name="gaps"),
    path("gaps/<int:pk>/", views.gap, name="gap"),
    path("gaps/learnt/", views.learnt, name="learnt"),
    path("gaps/learnt/file/", views.learnt_file, name="learnt_file"),
    path("corrections/", views.corrections, name="corrections"),
    path("corrections/<int:pk>/", views.correction, name="correction"),
    path("corrections/<int:pk>/<slug:name>/", views.step, name="correction_step"),
    path("weak-points/", views.tell, name="tell"),
    path("weak-points/all/", views.points, name="weak_points"),
    path("weak-points/<int:pk>/", views.point, name="weak_point"),
]
