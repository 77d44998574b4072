"""Addresses of matters."""

from __future__ import annotations

from django.urls import path

from shouwang.command.account import views

urlpatterns = [
    path("accountability/", views.matters, name="matters"),
    path("accountability/offers/", views.offers, name="matter_offers"),
    path("accountability/new/", views.propose, name="matter_new"),
    path("accountability/statistics/", views.counted, name="matter_statistics"),
    path("accountability/<int:pk>/", views.matter, name="matter"),
    path("accountability/<int:pk>/paper/", views.paper, name="matter_paper"),
    path("accountability/<int:pk>/<slug:name>/", views.step, name="matter_step"),
]
