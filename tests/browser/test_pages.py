"""Reports as a browser shows them: nothing loaded, nothing complained of, nothing too wide for a phone, readable by all."""

from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"


def test_every_golden_report_on_a_phone(look):
    seen = {path.name: look(path) for path in sorted(GOLDEN.glob("*.html"))}
    found = {name: (s.complaints, s.requests, s.overflow, s.violations, s.paper) for name, s in seen.items()}
    assert found == dict.fromkeys(seen, ((), (), 0, (), "rgb(255, 255, 255)"))


def test_what_a_page_must_not_do_is_found(look, tmp_path):
    page = tmp_path / "bad.html"
    page.write_text(
        "<html lang=en><title>t</title><main><h1 style='color:#bbb;background:#fff'>faint</h1><div style='width:500px'>wide</div>"
        "<img alt='' src='http://127.0.0.1:9/x.png'></main>"
    )
    seen = look(page)
    assert seen.requests == ("http://127.0.0.1:9/x.png",)
    assert [c.split(":")[0] for c in seen.complaints] == ["error"]
    assert seen.overflow > 100
    assert [v.split(":")[0] for v in seen.violations] == ["color-contrast"] * 2
