"""The headers by which the columns of presence files are known, in Chinese and English, the first one for display."""

from __future__ import annotations

from shouwang.core.files.columns import Column


def _column(key: str, names: str, *, required: bool = False) -> Column:
    """`names` separated by a bar, since headers hold spaces."""
    return Column(key, tuple(name.strip() for name in names.split("|")), required)


WHO = (
    _column(
        "number",
        "学号 | 工号 | 学工号 | 人员编号 | number | person | person number | person no | student number | student no |"
        "student id | staff number | staff no",
    ),
    _column(
        "card",
        "卡号 | 门禁卡号 | 一卡通号 | 卡片编号 | card | card no | card number | access card number | access card no",
    ),
)
GATE = (
    *WHO,
    _column(
        "time",
        "时间 | 刷卡时间 | 通行时间 | 日期时间 | 日期 | time | date | datetime | date time | timestamp",
        required=True,
    ),
    _column(
        "place",
        "地点 | 地址 | 位置 | 门禁点 | 设备名称 | 门 | 场所 | address | place | door | gate | reader | location",
        required=True,
    ),
    _column("direction", "方向 | 进出 | 进出方向 | 进出类型 | direction | in/out"),
    _column("access", "是否通过 | 通行结果 | 结果 | access | allowed | granted | result"),
    _column("describe", "描述 | 说明 | describe | description | remark"),
)
VISITS = (
    *WHO,
    _column(
        "place",
        "场所 | 地点 | 位置 | 场所编码 | 场所名称 | 房间 | 接入点 | 接入点位置 | place | place code | place name |"
        "location | room | access point",
        required=True,
    ),
    _column("date", "日期 | date | day"),
    _column(
        "start",
        "开始时间 | 开始 | 进入时间 | 到达时间 | 连接时间 | 上线时间 | 起 | start | start time | begin | from |"
        "arrived | entered",
        required=True,
    ),
    _column("end", "结束时间 | 结束 | 离开时间 | 断开时间 | 下线时间 | 止 | end | end time | until | to | left"),
    _column(
        "duration",
        "时长 | 停留时长 | 停留时间 | 持续时间 | duration | length | duration minutes | duration min |"
        "duration seconds | duration sec | minutes | seconds",
    ),
)
