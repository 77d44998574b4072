"""Addresses of teams."""

from __future__ import annotations

from django.urls import path

from shouwang.command.teams import views, views_steps

urlpatterns = [
    path("teams/", views.teams, name="teams"),
    path("teams/new/", views.new, name="team_new"),
    path("teams/proposals/", views.proposals, name="team_proposals"),
    path("teams/proposals/<int:pk>/dismiss/", views.dismiss, name="team_proposal_dismiss"),
    path("teams/service/", views.service, name="service"),
    path("teams/service/file/", views.service_file, name="service_file"),
    path("teams/service/<int:pk>/object/", views_steps.object_to, name="service_object"),
    path("teams/service/<int:pk>/answer/", views_steps.answer, name="service_answer"),
    path("teams/<int:pk>/", views.team, name="team"),
    path("teams/<int:pk>/step/<slug:name>/", views_steps.step, name="team_step"),
    path("teams/<int:pk>/members/", views_steps.second, name="team_second"),
    path("teams/<int:pk>/members/<int:member_id>/<slug:name>/", views_steps.member, name="team_member"),
    path("teams/<int:pk>/places/", views_steps.places, name="team_places"),
    path("teams/<int:pk>/tasks/", views_steps.give, name="team_give"),
    path("teams/<int:pk>/tasks/<int:given_id>/back/", views_steps.back, name="team_back"),
    path("teams/<int:pk>/duty/", views_steps.plan, name="team_plan"),
    path("teams/<int:pk>/duty/<int:shift_id>/<slug:name>/", views_steps.shift, name="team_shift"),
]
