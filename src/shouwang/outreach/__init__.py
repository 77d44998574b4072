"""Outreach: what the institution says to people, and through which channel it reaches them.

Owns: messages and their delivery (mail, WeCom, DingTalk, Feishu), rounds of reminders.
Words: message 消息, channel 渠道, reminder 提醒, quiet hours 免打扰时段.
May import: isolation, tracing, cases, checkins, org, core.
"""
