"""Surveys: screening campaigns, each an XLSForm aimed at a part of the roster.

Owns: survey forms and their versions, campaigns, answers, completeness against the roster, filled templates.
Words: survey campaign 摸排, form 表单, submission 填报, completeness 完成情况.
May import: isolation, tracing, cases, checkins, org, core.
"""
