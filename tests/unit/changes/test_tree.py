from qgate.changes.tree import head_tree


def test_the_work_tree_serves_where_it_is_the_head(project):
    sha = project.commit({"a": "1"})
    for commit in (None, sha):
        with head_tree(project.repository, commit) as root:
            assert root == project.path


def test_another_commit_is_exported_and_goes_away(project):
    first = project.commit({"a": "1"})
    project.commit({"a": "2"})
    with head_tree(project.repository, first) as root:
        assert root != project.path
        assert (root / "a").read_text() == "1"
    assert not root.exists()


def test_a_dirty_work_tree_is_not_the_commit(project):
    sha = project.commit({"a": "1"})
    project.write({"a": "2"})
    with head_tree(project.repository, sha) as root:
        assert (root / "a").read_text() == "1"


def test_an_escaping_link_is_never_served(project):
    (project.path / "evil.py").symlink_to("/dev/zero")
    (project.path / "fine.py").symlink_to("a.py")
    sha = project.commit({"a.py": "1"})
    with head_tree(project.repository, sha) as root:
        assert sorted(path.name for path in root.iterdir()) == ["a.py", "fine.py"]
