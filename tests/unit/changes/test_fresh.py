"""What a workflow fetched comes before the commit's files, and links never do."""

from qgate.changes.fresh import take_fetched


def trees(tmp_path, workspace, commit):
    for name, files in (("workspace", workspace), ("tree", commit)):
        for path, text in files.items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    (tmp_path / "tree").mkdir(exist_ok=True)
    return tmp_path / "workspace", tmp_path / "tree"


def held(tree):
    return {str(file.relative_to(tree)): file.read_text() for file in tree.rglob("*") if file.is_file()}


def test_what_differs_is_taken_and_told(tmp_path):
    workspace, tree = trees(
        tmp_path, {"a.json": "new", "b.npz": "same", "deep/c.json": "only here"}, {"a.json": "old", "b.npz": "same"}
    )
    assert take_fetched(workspace, tree, ("a.json", "b.npz", "deep/c.json", "absent.json", "a.json")) == ("a.json", "deep/c.json")
    assert held(tree) == {"a.json": "new", "b.npz": "same", "deep/c.json": "only here"}


def test_a_link_or_a_path_that_leaves_is_not_taken(tmp_path):
    workspace, tree = trees(tmp_path, {"plain.json": "new"}, {})
    (tmp_path / "secret").write_text("secret")
    (workspace / "link.json").symlink_to(tmp_path / "secret")
    (workspace / "through").symlink_to(tmp_path)
    assert take_fetched(workspace, tree, ("link.json", "through/secret", "../secret")) == ()
    assert held(tree) == {}


def test_nothing_is_written_through_a_link_of_the_commit(tmp_path):
    workspace, tree = trees(tmp_path, {"a.json": "new"}, {})
    (tmp_path / "outside").write_text("untouched")
    (tree / "a.json").symlink_to(tmp_path / "outside")
    assert take_fetched(workspace, tree, ("a.json",)) == ()
    assert (tmp_path / "outside").read_text() == "untouched"
