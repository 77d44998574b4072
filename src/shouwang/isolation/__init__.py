"""Isolation: orders that ask a person to stay apart, where, until when, and why.

Owns: quarantine and isolation orders, stays in rooms with real capacity, release by review.
Words: isolation 隔离治疗, quarantine 隔离医学观察, order 隔离通知书, stay 入住.
May import: tracing, cases, checkins, org, core.
"""
