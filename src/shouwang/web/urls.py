"""Root addresses. Each room has its own prefix; add a line as a room gains pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from shouwang.api.root import api
from shouwang.checkins import urls as checkins
from shouwang.checkins.views import worker
from shouwang.web import views

shell: list[URLPattern] = [
    path("", views.home, name="home"),
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("language/", views.language, name="language"),
    path("password/", views.password, name="password"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("service-worker.js", worker, name="worker"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((shell, "web"))),
    path("org/", include("shouwang.org.urls")),
    path("checkins/", include("shouwang.checkins.urls")),
    path("c/", include((checkins.by_link, "pass"))),
    path("cases/", include("shouwang.cases.urls")),
    path("tracing/", include("shouwang.tracing.urls")),
    path("command/", include("shouwang.command.urls")),
    path("isolation/", include("shouwang.isolation.urls")),
    path("outreach/", include("shouwang.outreach.urls")),
    path("surveys/", include("shouwang.surveys.urls")),
    path("openrosa/", include("shouwang.surveys.openrosa.urls")),
    path("api/v1/", api.urls),
]

handler404 = "shouwang.web.views.not_there"
