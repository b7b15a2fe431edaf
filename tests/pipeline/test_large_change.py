"""GitHub lists 3,000 files of a pull request and says nothing of the rest: the changed files are read from the commits."""

import json

FILES = 3_100


def test_the_last_file_of_more_than_github_lists_is_seen(pilot):
    many = {f"notes/{number:05}.txt": "words\n" for number in range(FILES)}
    pilot.change({**many, "zz/last.py": "import pennylane\n", "pilot/scaling.py": "SCALE = 2.0\n"})
    ended = pilot.qgate("detect", "--json", "--base", "main", "--head", "pull")
    reach = json.loads(ended.out)
    assert [u["path"] for u in reach["uncovered"]] == ["zz/last.py"]
    assert [p["pilot"] for p in reach["pilots"]] == ["sorter"]
