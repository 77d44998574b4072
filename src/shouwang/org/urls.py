"""Addresses of org, below /org/."""

from __future__ import annotations

from django.urls import path

from shouwang.org import views

app_name = "org"
urlpatterns = [
    path("me/", views.me, name="me"),
    path("seen/", views.seen, name="seen"),
    path("people/", views.people, name="people"),
    path("people/<int:person_id>/", views.person, name="person"),
    path("people/<int:person_id>/duplicates/", views.duplicates, name="duplicates"),
    path("people/<int:person_id>/merge/", views.merge, name="merge"),
    path("merges/<int:merge_id>/", views.person_merge, name="person_merge"),
    path("who/", views.who_is_it, name="who_is_it"),
    path("people/<int:person_id>/<slug:what>/", views.change_person, name="change_person"),
    path("tree/", views.tree, name="tree"),
    path("tree/<int:organisation_id>/children/", views.tree_children, name="tree_children"),
    path("tree/<int:organisation_id>/", views.organisation, name="organisation"),
    path("tree/<int:organisation_id>/<slug:what>/", views.change_organisation, name="change_organisation"),
    path("places/", views.places, name="places"),
    path("places/<int:place_id>/", views.place, name="place"),
    path("places/<int:place_id>/<slug:what>/", views.change_place, name="change_place"),
    path("suggest/organisations/", views.suggest_organisations, name="suggest_organisations"),
    path("suggest/places/", views.suggest_places, name="suggest_places"),
    path("responsibility/", views.responsibility, name="responsibility"),
    path("responsibility/<int:answer_id>/end/", views.end_responsibility, name="end_responsibility"),
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/new/", views.new_account, name="new_account"),
    path("accounts/<int:account_id>/", views.account, name="account"),
    path("accounts/<int:account_id>/grant/", views.grant, name="grant"),
    path("accounts/<int:account_id>/grants/<int:grant_id>/revoke/", views.revoke, name="revoke"),
    path("accounts/<int:account_id>/reset/", views.reset, name="reset"),
    path("accounts/<int:account_id>/activate/", views.activate, name="activate"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", views.revoke_token, name="revoke_token"),
    path("audit/", views.audit_log, name="audit"),
    path("imports/", views.import_list, name="imports"),
    path("imports/new/", views.new_import, name="import_new"),
    path("imports/<int:run_id>/", views.import_run, name="import_run"),
    path("imports/<int:run_id>/commit/", views.commit_import, name="commit_import"),
    path("imports/<int:run_id>/columns/", views.map_import, name="map_import"),
    path("imports/<int:run_id>/take-up/", views.take_up_import, name="take_up_import"),
    path("imports/<int:run_id>/problems.xlsx", views.import_problems, name="import_problems"),
]
