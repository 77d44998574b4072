"""Addresses of the laboratory below /cases/tests/."""

from __future__ import annotations

from django.urls import path

from shouwang.cases.laboratory.views import bringing, days, testing

urlpatterns = [
    path("", testing.tests, name="tests"),
    path("order/", testing.order, name="test_order"),
    path("mine/", testing.mine, name="my_tests"),
    path("turnaround/", testing.turnaround, name="tests_turnaround"),
    path("unmatched/", testing.unmatched, name="tests_unmatched"),
    path("<int:test_id>/", testing.test, name="test"),
    path("<int:test_id>/take/", testing.take, name="test_take"),
    path("<int:test_id>/cancel/", testing.cancel, name="test_cancel"),
    path("<int:test_id>/settle/", testing.settle, name="test_settle"),
    path("samples/<int:sample_id>/", testing.sample, name="sample"),
    path("samples/<int:sample_id>/hand-over/", testing.hand_over, name="sample_hand_over"),
    path("samples/<int:sample_id>/result/", testing.result, name="sample_result"),
    path("files/", bringing.file_list, name="lab_files"),
    path("files/new/", bringing.file_new, name="lab_file_new"),
    path("files/<int:run_id>/", bringing.file_run, name="lab_file"),
    path("files/<int:run_id>/commit/", bringing.file_commit, name="lab_file_commit"),
    path("files/<int:run_id>/columns/", bringing.file_columns, name="lab_file_columns"),
    path("files/<int:run_id>/take-up/", bringing.file_take_up, name="lab_file_take_up"),
    path("files/<int:run_id>/problems/", bringing.file_problems, name="lab_file_problems"),
    path("review/", bringing.review, name="test_review"),
    path("review/<int:item_id>/", bringing.review_item, name="test_review_item"),
    path("days/", days.day_list, name="test_days"),
    path("days/new/", days.day_new, name="test_day_new"),
    path("days/<int:day_id>/", days.day, name="test_day"),
    path("days/<int:day_id>/take/", days.day_take, name="test_day_take"),
    path("days/<int:day_id>/close/", days.day_close, name="test_day_close"),
    path("days/<int:day_id>/<int:member_id>/", days.day_member, name="test_day_member"),
]
