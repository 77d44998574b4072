"""Text tables: encodings by line, delimiters, quoting, and what no text table may do."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator

import pytest
from django.utils import translation

from shouwang.core.files.errors import FileError
from shouwang.core.files.tables import Row, Table, read_table


@pytest.fixture(autouse=True, scope="module")
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def read(data: bytes, **options: object) -> tuple[Table, list[Row]]:
    table = read_table(io.BytesIO(data), name="roster.csv", **options)  # type: ignore[arg-type]
    return table, list(table.rows)


ROSTER = "学号,姓名,班级\n001,张三,18国际金融\n002,李四,18会计\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_usual_encoding_reads_the_same(encoding: str) -> None:
    data = ROSTER.encode(encoding)
    if encoding == "utf-16-le":
        data = b"\xff\xfe" + data
    elif encoding == "utf-16-be":
        data = b"\xfe\xff" + data
    table, rows = read(data)
    assert table.header == ("学号", "姓名", "班级")
    assert rows == [Row(2, ("001", "张三", "18国际金融")), Row(3, ("002", "李四", "18会计"))]
    assert table.remarks == ()


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter: str, end: str) -> None:
    table, rows = read(ROSTER.replace(",", delimiter).replace("\n", end).encode())
    assert table.delimiter == delimiter
    assert [row.values for row in rows] == [("001", "张三", "18国际金融"), ("002", "李四", "18会计")]


def test_delimiter_is_the_one_that_splits_consistently() -> None:
    table, rows = read("姓名\t地址\n张三\t北京,海淀,1号\n李四\t上海\n".encode())
    assert table.delimiter == "\t"
    assert rows[0].values == ("张三", "北京,海淀,1号")


def test_delimiter_named_for_excel() -> None:
    table, rows = read("sep=;\n学号;备注\n1;a,b,c\n".encode())
    assert table.header == ("学号", "备注")
    assert rows == [Row(2, ("1", "a,b,c"))]


def test_lines_of_two_encodings_are_each_read_in_their_own() -> None:
    lines = ["学号,姓名\n".encode()]
    lines += [f"{number},张三{number}\n".encode("gbk" if number % 4 == 0 else "utf-8") for number in range(1, 21)]
    table, rows = read(b"".join(lines))
    assert [row.values[1] for row in rows] == [f"张三{number}" for number in range(1, 21)]
    (remark,) = table.remarks
    assert (remark.code, remark.count, remark.rows) == ("mixed_encoding", 5, (5, 9, 13, 17, 21))
    assert "GB18030" in remark.message


def test_gbk_pair_that_is_also_a_utf8_letter_is_read_as_gbk_in_a_gbk_file() -> None:
    # Both bytes pairs of 学: D1 A7 are valid UTF-8 for U+0467.
    data = "编号,系别\n".encode("gbk") + b"1,\xd1\xa7\n" + "2,化学系\n".encode("gbk")
    table, rows = read(data)
    assert rows[0].values == ("1", "学")
    assert table.remarks == ()


def test_damaged_utf8_line_keeps_its_good_part_and_is_reported() -> None:
    table, rows = read("学号,姓名\n1,".encode() + "欧阳锋先生".encode()[:-1] + "\n2,李四\n".encode())
    assert rows[0].values[1].startswith("欧阳锋先")
    assert [problem.code for problem in rows[0].problems] == ["undecodable"]
    assert rows[1].problems == ()
    assert table.header == ("学号", "姓名")


def test_undecodable_bytes_are_a_problem_of_their_row() -> None:
    _table, rows = read("学号,姓名\n1,a\n".encode("gbk") + b"2,\xff\xff\xff\n" + "3,张三\n".encode("gbk"))
    assert [len(row.problems) for row in rows] == [0, 1, 0]
    assert rows[1].problems[0].row == 3
    assert rows[2].values == ("3", "张三")


def test_quoted_line_ends_and_row_numbers_as_a_spreadsheet_counts() -> None:
    _table, rows = read('学号,备注\n1,"一行\n二行"\n\n2,c\n'.encode())
    assert rows == [Row(2, ("1", "一行\n二行")), Row(4, ("2", "c"))]


def test_ragged_rows_are_padded_or_reported() -> None:
    _table, rows = read("学号,姓名\n1\n2,b,,\n3,c,d\n".encode())
    assert [row.values for row in rows] == [("1", ""), ("2", "b"), ("3", "c")]
    assert [[problem.code for problem in row.problems] for row in rows] == [[], [], ["too_many_cells"]]
    assert rows[2].problems[0].value == "d"


def test_invisible_characters_and_wide_spaces_are_stripped() -> None:
    table, rows = read("\ufeff学号\t,　姓 名　\n\u200b001\t,\xa0张三\u3000\n".encode())
    assert table.header == ("学号", "姓 名")
    assert rows[0].values == ("001", "张三")


def test_text_marks_of_spreadsheets_are_undone() -> None:
    _table, rows = read("学号,电话,备注\n=\"007\",'+86 138,'twas\n".encode())
    assert rows[0].values == ("007", "+86 138", "'twas")


@pytest.mark.parametrize("value", ["4.4E+17", "4.40106E+17", "2.02012E+11"])
def test_number_shortened_before_it_was_saved_as_text(value: str) -> None:
    _table, rows = read(f"身份证号,姓名\n{value},张三\n".encode())
    (problem,) = rows[0].problems
    assert (problem.row, problem.column, problem.code, problem.value) == (2, "身份证号", "digits_lost", value)
    assert "text" in problem.remedy


@pytest.mark.parametrize("value", ["#N/A", "#REF!", "#DIV/0!", "########"])
def test_error_texts_are_problems(value: str) -> None:
    _table, rows = read(f"a,b\n{value},2\n".encode())
    assert [problem.code for problem in rows[0].problems] == ["cell_error"]


def test_titles_above_the_header_are_skipped_and_said() -> None:
    table, rows = read("2019级新生名单,,\n,,\n学号,姓名,班级\n1,a,b\n".encode())
    assert (table.header, table.header_row) == (("学号", "姓名", "班级"), 3)
    assert [remark.code for remark in table.remarks] == ["titles_skipped"]
    assert rows == [Row(4, ("1", "a", "b"))]


def test_one_column() -> None:
    table, rows = read("学号\n1\n2\n".encode())
    assert table.header == ("学号",)
    assert [row.values for row in rows] == [("1",), ("2",)]


def test_file_without_header_is_read_with_given_names() -> None:
    table, rows = read(b"650\t2BIO1\tF\n498\t2BIO1\tM\n", header=("no", "class", "sex"))
    assert table.header == ("no", "class", "sex")
    assert rows[0] == Row(1, ("650", "2BIO1", "F"))


def test_space_is_a_delimiter_only_when_asked_for() -> None:
    data = b"1385982020 454 640\n1385982040 1 2\n"
    assert read(data, header=("t", "i", "j"), delimiters=(" ", ","))[1][1].values == ("1385982040", "1", "2")
    with pytest.raises(FileError) as caught:
        read(data)
    assert caught.value.error_code == "header_missing"


def test_gzip_of_text() -> None:
    table, rows = read(gzip.compress(ROSTER.encode("gbk")))
    assert table.header == ("学号", "姓名", "班级")
    assert len(rows) == 2


def test_damaged_gzip() -> None:
    packed = gzip.compress(ROSTER.encode() * 50)
    with pytest.raises(FileError) as caught:
        read(packed[: len(packed) // 2])
    assert caught.value.error_code == "file_damaged"


def test_too_many_rows() -> None:
    with pytest.raises(FileError) as caught:
        read(b"a,b\n" + b"1,2\n" * 11, max_rows=10)
    assert caught.value.error_code == "too_many_rows"
    assert caught.value.data["limit"] == 10


def test_unclosed_quote_names_its_row() -> None:
    with pytest.raises(FileError) as caught:
        read(b'a,b\n1,2\n3,"oops\n' + b"5,6\n" * 100)
    assert (caught.value.error_code, caught.value.data["row"]) == ("quote_unclosed", 3)


def test_unclosed_quote_in_a_long_file() -> None:
    with pytest.raises(FileError) as caught:
        read(b'a,b\n1,"oops\n' + b"5,6\n" * 100_000)
    assert caught.value.error_code == "quote_unclosed"


def test_endless_line_stops_early() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            self.given = offset if whence == 0 else 1 << 30
            return self.given

        def tell(self) -> int:
            return self.given

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"a" * size

    stream = Endless()
    with pytest.raises(FileError) as caught:
        list(read_table(stream, name="x").rows)  # type: ignore[arg-type]
    assert caught.value.error_code == "file_too_large"
    assert stream.given < 8 << 20


def test_nul_bytes_far_down() -> None:
    table = read_table(io.BytesIO(b"a,b\n" + b"1,2\n" * 100_000 + b"\0,\n"), name="x")
    with pytest.raises(FileError) as caught:
        list(table.rows)
    assert caught.value.error_code == "file_kind_unknown"


def test_a_million_rows_stream_in_bounded_memory() -> None:
    import tracemalloc

    line = "20200001,张三,计算机1班\n".encode()

    class Long(io.RawIOBase):
        """A million rows that never exist together."""

        def __init__(self) -> None:
            self.at, self.length = 0, 1_000_000 * len(line)

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            self.at = offset if whence == 0 else self.length
            return self.at

        def tell(self) -> int:
            return self.at

        def read(self, size: int = -1) -> bytes:
            size = min(size, self.length - self.at)
            first = self.at % len(line)
            self.at += size
            return (line * (size // len(line) + 2))[first : first + size]

    table = read_table(Long(), name="x", header=("学号", "姓名", "班级"))  # type: ignore[arg-type]
    count, peak = 0, 0
    for _row in table.rows:
        count += 1
        if count == 200_000:
            tracemalloc.start()
        elif count == 300_000:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert count == 1_000_000
    assert peak < 16 << 20
    assert table.fraction(count) == 1.0
