"""Check-ins: the daily health check, its triage, and the alerts that come of it.

Owns: check-ins and their receipts, who has not yet, symptom alerts, and who is asked more often (monitoring).
Words: check-in 每日健康申报, triage 研判, symptom alert 异常, receipt 回执.
May import: org, core.
"""
