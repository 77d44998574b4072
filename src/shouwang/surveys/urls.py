"""Addresses of surveys."""

from __future__ import annotations

from django.urls import path

from shouwang.surveys import views

app_name = "surveys"
urlpatterns = [
    path("", views.campaigns, name="list"),
    path("new/", views.new, name="new"),
    path("new/<int:version_id>/", views.aim, name="aim"),
    path("forms/<int:version_id>/file/", views.form_file, name="form_file"),
    path("<int:campaign_id>/", views.campaign, name="campaign"),
    path("<int:campaign_id>/act/<str:verb>/", views.act, name="act"),
    path("<int:campaign_id>/results/", views.results, name="results"),
    path("<int:campaign_id>/cross/", views.cross, name="cross"),
    path("<int:campaign_id>/export/", views.export, name="export"),
    path("<int:campaign_id>/template/", views.filled_template, name="template"),
    path("<int:campaign_id>/fill/", views.fill, name="fill"),
    path("<int:campaign_id>/person/<int:person_id>/", views.proxy, name="proxy"),
    path("answers/<int:submission_id>/", views.answers, name="answers"),
    path("answers/<int:submission_id>/verify/", views.verify, name="verify"),
    path("files/<int:file_id>/", views.answer_file, name="answer_file"),
    path("mine/", views.mine, name="mine"),
]
