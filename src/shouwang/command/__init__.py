"""Command: the level in force, how things stand, directives, the tasks they make, and one person's queue.

Owns: response levels, situation reports, directives with measures and receipts, tasks.
Words: response level 响应级别, situation report 疫情日报, directive 通知/公文, measure 事项, receipt 签收, task 任务.
May import: surveys, outreach, isolation, tracing, cases, checkins, org, core.
"""
