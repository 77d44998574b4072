"""Cases: a person with a disease, what is known and when it became known, and the clocks that run on it.

Owns: cases, their classification history, their dates, the four-earlies clocks.
Words: case 病例 (suspected 疑似, probable 临床诊断, confirmed 确诊, asymptomatic 无症状, discarded 排除), clock 四早时钟.
May import: checkins, org, core.
"""
