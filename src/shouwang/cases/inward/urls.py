"""Addresses of files from other systems, below /cases/inward/."""

from __future__ import annotations

from django.urls import path

from shouwang.cases.inward import views

urlpatterns = [
    path("", views.file_list, name="outside_files"),
    path("new/", views.file_new, name="outside_file_new"),
    path("files/<int:run_id>/", views.file_run, name="outside_file"),
    path("files/<int:run_id>/commit/", views.file_commit, name="outside_file_commit"),
    path("files/<int:run_id>/again/", views.file_recheck, name="outside_file_again"),
    path("files/<int:run_id>/take-up/", views.file_take_up, name="outside_file_take_up"),
    path("files/<int:run_id>/problems/", views.file_problems, name="outside_file_problems"),
    path("rows/", views.rows, name="outside_rows"),
    path("rows/<int:row_id>/", views.row, name="outside_row"),
]
