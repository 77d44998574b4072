"""Command: the level in force, how things stand, directives, the tasks they make, and one person's queue.

Owns: response levels, situation reports, directives with measures and receipts, tasks, teams with their
secondments and service records.
Words: response level 响应级别, situation report 疫情日报, directive 通知/公文, measure 事项, receipt 签收, task 任务,
team 专班/临时党组织.
May import: surveys, outreach, isolation, tracing, cases, checkins, org, core.
"""
