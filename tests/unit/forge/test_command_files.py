import pytest

from qgate.domain.report import Outcome, Publication
from qgate.forge.command_files import SUMMARY_BYTES, append_summary, outputs_text, write_outputs


def read_outputs(text):
    """As the runner reads its output file: NAME<<DELIMITER, lines, DELIMITER."""
    lines, found = iter(text.split("\n")), {}
    for line in lines:
        if line:
            name, delimiter = line.split("<<", 1)
            found[name] = "\n".join(iter(lambda: next(lines), delimiter))
    return found


HOSTILE = {"verdict": "fail", "failed-gates": '["a\nverdict<<EOF\npass\nEOF"]', "report-path": ""}


def test_outputs_have_the_multi_line_form():
    assert outputs_text({"verdict": "fail"}, delimiter="D") == "verdict<<D\nfail\nD\n"


def test_the_runner_reads_back_what_was_written(tmp_path):
    path = tmp_path / "output"
    path.write_text("earlier<<X\n1\nX\n")
    write_outputs(path, HOSTILE)
    assert read_outputs(path.read_text()) == {"earlier": "1", **HOSTILE}


def test_each_writing_has_its_own_delimiter():
    assert outputs_text({"a": "1"}) != outputs_text({"a": "1"})


def test_a_value_that_knows_the_delimiter_is_refused():
    with pytest.raises(ValueError, match="output a holds the delimiter"):
        outputs_text({"a": "1\nD\nb<<D\n2"}, delimiter="D")


@pytest.mark.parametrize("name", ["", "a b", "a<<b", "a\nb", "1a"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match="not a name"):
        outputs_text({name: "1"})


def test_the_summary_is_appended(tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("# Earlier\n")
    assert append_summary(path, "# é\n") == Publication(surface="summary", outcome=Outcome.CREATED)
    assert path.read_bytes() == "# Earlier\n# é\n".encode()


def test_a_summary_of_just_one_mebibyte_fits(tmp_path):
    path = tmp_path / "summary.md"
    assert append_summary(path, "x" * SUMMARY_BYTES).outcome is Outcome.CREATED
    assert path.stat().st_size == SUMMARY_BYTES


def test_one_byte_more_is_refused_and_keeps_what_is_there(tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("x")
    refused = append_summary(path, "é" * (SUMMARY_BYTES // 2))
    assert refused == Publication(
        surface="summary",
        outcome=Outcome.REFUSED,
        detail="the job summary would be 1,048,577 bytes, and GitHub drops one above 1,048,576",
    )
    assert path.read_text() == "x"


def test_off_a_runner_there_is_none():
    assert append_summary(None, "# x") == Publication(
        surface="summary", outcome=Outcome.SKIPPED, detail="GITHUB_STEP_SUMMARY is not set"
    )


def test_a_file_name_that_was_not_utf8_is_shown_with_a_question_mark(tmp_path):
    path = tmp_path / "summary.md"
    append_summary(path, "a\udcff.py\n")
    assert path.read_bytes() == b"a?.py\n"
