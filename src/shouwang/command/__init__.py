"""Command: the response level in force and the situation report that says how things stand.

Owns: response levels, situation reports.
Words: response level 响应级别, situation report 疫情日报.
May import: isolation, tracing, cases, checkins, org, core.
"""
