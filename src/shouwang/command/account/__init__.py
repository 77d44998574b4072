"""Accountability with due process: reminder, talk, formal notice. Claims are judged, not people.

Words: matter 事项, step 步骤 (reminder 提醒, talk 约谈, notice 通报), fact 事实, contested 有异议, appeal 申诉,
upheld 维持, withdrawn 撤销. A person proposes and another decides; the system only offers facts, keeps times, forgets.
"""
