"""What the parts of a notice before and after its body look like."""

from __future__ import annotations

import re

OPEN, CLOSE = "〔\\[［【〖（(﹝〈<＜{｛„“‘「『", "〕\\]］】〗）)﹞〉>＞}｝‟”’」』"
YEAR = r"(?:[12１２][\d０-９]{3}|二[〇○零O0]二?[〇○零O0一二三四五六七八九]{1,2})"
NUMBER = re.compile(
    rf"(?P<who>[\u4e00-\u9fffA-Za-z]{{1,14}}?)\s*[{OPEN}]\s*(?P<year>{YEAR})\s*(?:年)?\s*[{CLOSE}]\s*(?:第\s*)?"
    r"(?P<no>[\d０-９]{1,5})\s*号"
)
BARE_NUMBER = re.compile(
    rf"^(?P<who>[\u4e00-\u9fff]{{1,14}})\s*(?P<year>{YEAR})\s*[-—－]?\s*(?P<no>[\d０-９]{{1,5}})\s*号$"
)
URGENCY = re.compile(r"(特\s*提|特\s*急|加\s*急|平\s*急|急\s*件)")
KIND = (
    r"(?:紧急通知|补充通知|通知|通告|通报|意见|决定|决议|方案|预案|办法|规定|细则|指南|函|报告|请示|批复|纪要|令|"
    r"倡议书|公开信|一封信|提醒|提示|告知书|须知|公告|声明|倡议)"
)
TITLE_END = re.compile(rf"{KIND}(?:\s*[（(][^（）()]{{1,12}}[)）])?(?:\s*[A-Za-z ]{{3,24}})?$")
ENGLISH_TITLE = re.compile(
    r"(?i)^(?:(?:urgent )?(?:notice|circular|directive|memorandum|order)\b.{0,160}|re: .+|subject: .+)$"
)
ISSUER = re.compile(
    r"^[\u4e00-\u9fff（）()·]{1,40}(?:委员会|党委|大学|学院|学校|中学|小学|办公室|办公厅|厅|局|部|处|指挥部|领导小组|"
    r"中心|公司|医院|政府|幼儿园)$"
)
ENGLISH_ISSUER = re.compile(
    r"(?i)^(?:the )?[A-Z][\w&,' .-]{2,80}(?:university|college|school|office|committee|department|bureau|hospital|"
    r"board)[\w&,' .-]{0,40}$"
)
DAY = (
    r"(?P<day>(?:[12１２]\d{3}|二[〇○零]二?[〇○零一二三四五六七八九]{1,2})\s*[年.\-/]\s*"
    r"(?:\d{1,2}|[一二三四五六七八九十]{1,2})\s*[月.\-/]\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s*日?)"
)
SIGNED_DAY = re.compile(rf"^(?P<who>\S.*?)\s+{DAY}$")
ISSUED_FILE = re.compile(r"文\s*件$")
DAY_ONLY = re.compile(rf"^(?:[（(]?\s*){DAY}\s*[)）]?$")
PRINTED = re.compile(rf"{DAY}\s*印\s*发")
ENGLISH_DAY = re.compile(r"(?i)^(?:date:?\s*)?(?P<day>\d{1,2}\s+[a-z]{3,9}\.?,?\s+20\d{2})$")
COPIES = re.compile(r"^(?:抄\s*送|抄\s*报|主\s*送|(?i:cc))\s*[:：]")
TO = re.compile(r"^(?:主\s*送|(?i:to))\s*[:：]\s*\S")
ATTACHED = re.compile(r"^附\s*件\s*(?:\d{1,2})?\s*[:：]|^附\s*[:：]|^(?i:attachments?)\s*:")
SALUTATION = re.compile(r"^(?:主\s*送|抄\s*送|抄\s*报|亲爱的|尊敬的|(?i:to|cc|dear)\b)\s*[:：]?\s*")
PEOPLE = r"(?:党员|干部|师生|师生员工|员工|教师|教职工|教职员工|职工|学生|同学|群众|同志|家长|研究生|本科生)"
MANY_PEOPLE = re.compile(rf"(?:广大|全体|全校|各位)\S*{PEOPLE}$")
WHOM = re.compile(
    r"各|全|有关|单位|学院|部门|党|同志|干部|师生|学生|同学|家长|老师|处室|医院|公司|局|(?i:\bto\b|\ball\b|dear)"
)
