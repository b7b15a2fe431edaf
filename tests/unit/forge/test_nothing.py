from qgate.domain.report import CheckRun, Conclusion, Report
from qgate.forge.nothing import NoForge


def test_it_has_no_surface():
    check = CheckRun(name="qgate report", conclusion=Conclusion.SUCCESS, title="pass", summary="pass")
    assert NoForge().publish(Report(marker="m", comment="m", summary="", check=check, statuses=())) == ()


def test_it_has_no_reviews():
    assert NoForge().reviews({"octocat"}) is None
