"""Laboratory: tests ordered, samples taken and handed on, results; files of laboratories; mass-testing days.

A part of cases that repeats the shape of a room: rules decide, queries read, actions write, views speak HTTP.
Words: test 检测 (one of one person), sample 标本 (a tube, of one person or of several: pool 混采), hand-over 交接,
result 结果 (versions of it), re-test 单采复核, review queue 待核对, mass-testing day 全员检测日.
May import: cases, checkins, org, core.
"""
