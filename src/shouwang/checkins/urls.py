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
    path("unit/person/<int:person_id>/", views.person, name="person"),
    path("unit/person/<int:person_id>/enter/", views.proxy, name="proxy"),
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/<int:alert_id>/", views.alert, name="alert"),
    path("alerts/<int:alert_id>/close/", views.close, name="close_alert"),
]

# Without signing in: the address is the pass.
by_link = [path("<str:ticket>/", views.by_link, name="by_link")]
