from __future__ import annotations

from django.urls import path

from shouwang.command import views
from shouwang.command.account import urls as account
from shouwang.command.mending import urls as mending
from shouwang.command.teams import urls as teams
from shouwang.command.views import board, control, daily, directives, tasks

app_name = "command"
urlpatterns = [
    path("board/", board.board, name="board"),
    path("board/live/", board.board_live, name="board_live"),
    path("picture/", views.picture, name="picture"),
    path("report/", views.report, name="report"),
    path("report.docx", views.report_docx, name="report_docx"),
    path("report.json", views.report_json, name="report_json"),
    path("report/issue/", views.issue, name="issue"),
    path("report/issued/<int:pk>/", views.version, name="version"),
    path("daily/", daily.daily, name="daily"),
    path("daily/<int:pk>/send-back/", daily.send_back, name="daily_send_back"),
    path("daily/<int:pk>/take-in/", daily.take_in, name="daily_take_in"),
    path("daily/template/", daily.daily_template, name="daily_template"),
    path("daily/units.<slug:kind>", daily.daily_file, name="daily_file"),
    path("daily/<int:pk>/", daily.daily_report, name="daily_report"),
    path("daily/<int:pk>/plan/", daily.daily_plan, name="daily_plan"),
    path("daily/<int:pk>/plan/end/", daily.daily_plan_end, name="daily_plan_end"),
    path("level/preview/", control.preview, name="level_preview"),
    path("measures/", control.measures, name="measures"),
    path("measures/control/", control.control, name="control"),
    path("measures/<int:pk>/extend/", control.extend, name="measure_extend"),
    path("measures/<int:pk>/end/", control.end, name="measure_end"),
    path("level/", views.level, name="level"),
    path("level/end/", views.level_end, name="level_end"),
    path("packs/", views.packs, name="packs"),
    path("packs/<slug:code>/", views.pack, name="pack"),
    path("packs/<slug:code>/activate/", views.pack_activate, name="pack_activate"),
    path("packs/<slug:code>/deactivate/", views.pack_deactivate, name="pack_deactivate"),
    path("notice/", views.notice, name="notice"),
    path("tracing/", views.tracing_quality, name="tracing_quality"),
    path("mine/", tasks.work, name="work"),
    path("tasks/", tasks.listing, name="tasks"),
    path("tasks/<int:pk>/", tasks.task, name="task"),
    path("tasks/<int:pk>/deadline/", tasks.deadline, name="task_deadline"),
    path("tasks/<int:pk>/split/", tasks.split, name="task_split"),
    path("tasks/<int:pk>/<slug:name>/", tasks.act, name="task_act"),
    path("directives/", directives.listing, name="directives"),
    path("directives/new/", directives.write, name="directive_new"),
    path("directives/<int:pk>/", directives.directive, name="directive"),
    path("directives/<int:pk>/edit/", directives.edit, name="directive_edit"),
    path("directives/<int:pk>/recipients/", directives.recipients, name="recipients"),
    path("directives/<int:pk>/receipts/", directives.receipts, name="receipts"),
    path("directives/<int:pk>/acknowledge/<int:unit_id>/", directives.acknowledge, name="acknowledge"),
    path("directives/<int:pk>/measures/new/", directives.measure, name="measure_new"),
    path("directives/<int:pk>/measures/accept/", directives.accept_all, name="measures_accept"),
    path("directives/<int:pk>/measures/<int:measure_id>/", directives.measure, name="measure"),
    path("directives/<int:pk>/measures/<int:measure_id>/decide/", directives.decide, name="measure_decide"),
    path("directives/<int:pk>/paper/", directives.paper, name="paper"),
    path("directives/<int:pk>.docx", directives.paper_docx, name="paper_docx"),
    path("directives/<int:pk>/step/<slug:act>/", directives.step, name="directive_step"),
    *account.urlpatterns,
    *mending.urlpatterns,
    *teams.urlpatterns,
    path("places/", views.places, name="places"),
    path("places/<int:pk>/", views.places, name="place"),
]
