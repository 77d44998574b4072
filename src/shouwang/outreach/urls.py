"""Addresses of outreach, under /outreach/."""

from __future__ import annotations

from django.urls import path

from shouwang.outreach import views

app_name = "outreach"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("preferences/", views.preferences, name="preferences"),
    path("rounds/", views.rounds, name="rounds"),
    path("rounds/<int:pk>/", views.round_page, name="round"),
    path("why/<int:person_id>/", views.why, name="why"),
    path("remind/", views.remind, name="remind"),
    path("channels/", views.channels, name="channels"),
    path("channels/<int:pk>/", views.channel, name="channel"),
    path("channels/<int:pk>/test/", views.test_channel, name="test_channel"),
    path("channels/<int:pk>/close/", views.close_channel, name="close_channel"),
]
