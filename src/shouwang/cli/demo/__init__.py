"""The demo campus: invented people, real machinery.

Files as a school has them (roster, timetable, door log, canteen visits) are synthesised from one seed and then go
through the same imports, check-ins, alerts, cases, traces and orders as anybody's. Nobody in it exists.
"""
