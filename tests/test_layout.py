from satchel.layout import columns, shortened


def test_wide_characters_are_aligned() -> None:
    lines = columns([["书籍", "1"], ["ab", "10"], ["衣服衣服衣服衣服", "3"]], width=14).splitlines()
    assert lines == ["书籍        1", "ab         10", "衣服衣服…   3"]  # 9 columns of the terminal, 2, 2


def test_combining_marks_take_no_column() -> None:
    assert columns([["e\u0301", "1"], ["e", "2"]]) == "e\u0301  1\ne  2"


def test_shortened() -> None:
    assert shortened("a\nlabel\x1b", 9) == "a label "
    assert shortened("a longer label", 7) == "a long…"


def test_no_rows_and_indented_names() -> None:
    assert columns([]) == ""
    assert columns([("classes", "1,000"), ("  of these", "3")]) == "classes     1,000\n  of these      3"
