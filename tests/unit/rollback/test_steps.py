"""Every template is sound shell and its patches sound YAML, whatever the charter calls its services."""

import json
import shlex
import subprocess

import pytest
import yaml

from qgate.domain.charter import Platform, Route, Strategy
from qgate.rollback.steps import platform_steps, words

HOSTILE = ("$(touch pwned)", "a'; touch pwned; '", 'a"b', "`touch pwned`", "a b\tc", "-n", "{{ 7 * 7 }}", "%s")
CASES = [(strategy, platform) for platform in Platform for strategy in Strategy]


def route(platform, strategy=Strategy.BLUE_GREEN, name="x"):
    return Route(
        strategy=strategy,
        platform=platform,
        service=f"s{name}",
        to=f"t{name}",
        origin=f"o{name}",
        namespace=f"n{name}",
        flag=f"f{name}",
    )


def values(words_):
    """The words of a command that are JSON mappings or lists."""
    return [yaml.safe_load(word) for word in words_ if word.startswith(("{", "["))]


@pytest.mark.parametrize(("strategy", "platform"), CASES, ids=str)
@pytest.mark.parametrize("name", ["x", *HOSTILE])
def test_a_template_is_shell_in_which_no_value_of_the_charter_runs(strategy, platform, name, tmp_path):
    steps = platform_steps(route(platform, strategy, name), platform)
    assert steps.commands
    assert steps.watch
    script = "\n".join([*steps.commands, steps.watch])
    assert subprocess.run(["bash", "-n", "-c", script], check=False, capture_output=True).stderr == b""
    stubs = (
        "kubectl() { :; }; aws() { :; }; curl() { :; }; jq() { :; }; nginx() { :; }; cp() { :; }; tail() { :; }; watch() { :; };"
    )
    quiet = script.replace("> /etc/nginx", ">> /dev/null #")
    subprocess.run(["bash", "-c", f"{stubs} {quiet}"], check=False, cwd=tmp_path, capture_output=True, timeout=20)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x", "a'b", 'a"b', "a b"])
def test_every_value_arrives_as_it_is_written(name):
    patch = shlex.split(platform_steps(route(Platform.ISTIO, name=name), Platform.ISTIO).commands[0])
    assert patch[:6] == ["kubectl", "patch", "virtualservice", f"s{name}", "--namespace", f"n{name}"]
    assert values(patch) == [
        [
            {"op": "test", "path": "/spec/http/0/route/0/destination/host", "value": f"o{name}"},
            {"op": "test", "path": "/spec/http/0/route/1/destination/host", "value": f"t{name}"},
            {"op": "add", "path": "/spec/http/0/route/0/weight", "value": 0},
            {"op": "add", "path": "/spec/http/0/route/1/weight", "value": 100},
        ]
    ]


def test_a_gateway_route_is_patched_only_where_its_backends_are_those_of_the_charter():
    (command,) = platform_steps(route(Platform.KUBERNETES_GATEWAY_API), Platform.KUBERNETES_GATEWAY_API).commands
    assert [change["op"] for change in values(shlex.split(command))[0]] == ["test", "test", "add", "add"]


def test_a_load_balancer_gets_both_weights():
    first, second = platform_steps(route(Platform.AWS_ALB), Platform.AWS_ALB).commands
    groups = [{"TargetGroupArn": "tx", "Weight": 100}, {"TargetGroupArn": "ox", "Weight": 0}]
    assert json.loads(shlex.split(first)[-1]) == [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]
    assert second == "aws elbv2 wait target-in-service --target-group-arn tx"


def test_a_canary_of_argo_rollouts_is_aborted_before_it_is_undone():
    commands = platform_steps(route(Platform.ARGO_ROLLOUTS, Strategy.CANARY), Platform.ARGO_ROLLOUTS).commands
    assert commands == (
        "kubectl argo rollouts abort sx --namespace nx",
        "kubectl argo rollouts undo sx --namespace nx",
        "kubectl argo rollouts promote sx --namespace nx --full",
        "kubectl argo rollouts status sx --namespace nx --timeout 300s",
    )
    assert platform_steps(route(Platform.ARGO_ROLLOUTS), Platform.ARGO_ROLLOUTS).commands == commands[1:]


def test_nginx_writes_an_upstream_that_it_checks_before_it_reloads(tmp_path):
    commands = platform_steps(route(Platform.NGINX), Platform.NGINX).commands
    script = commands[1].replace("/etc/nginx/conf.d", str(tmp_path))
    subprocess.run(["bash", "-c", script], check=True)
    assert (tmp_path / "sx.conf").read_text() == "upstream sx {\n  server tx:80;\n  server ox:80 down;\n}\n"
    assert commands[2:] == ("nginx -t", "nginx -s reload")


def test_a_flag_is_turned_off_once_it_is_known_what_it_then_gives():
    found = Route(strategy=Strategy.FEATURE_FLAG, service="triage", to="classical", namespace="health/live")
    check, change = platform_steps(found, Platform.LAUNCHDARKLY).commands
    assert "https://app.launchdarkly.com/api/v2/flags/health/triage?env=live" in shlex.split(check)
    assert values(shlex.split(change)) == [
        {"environmentKey": "live", "comment": "rollback", "instructions": [{"kind": "turnFlagOff"}]}
    ]


def test_a_flag_of_openfeature_loses_its_targeting():
    (command,) = platform_steps(route(Platform.OPENFEATURE, Strategy.FEATURE_FLAG), Platform.OPENFEATURE).commands
    flag = {"state": "ENABLED", "defaultVariant": "tx", "targeting": None}
    assert values(shlex.split(command)) == [{"spec": {"flagSpec": {"flags": {"fx": flag}}}}]


@pytest.mark.parametrize("traffic", ["call the night shift", "x\nrm -rf /", "x\r\x85y\u2028z"])
def test_without_a_platform_the_step_is_one_comment(traffic):
    (said,) = words(Route(), traffic).commands
    assert said == f"# move all traffic along {' '.join(traffic.split())}"
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("strategy", Strategy)
def test_every_strategy_has_words(strategy):
    (said,) = words(Route(strategy=strategy, to="classical_v3"), "t").commands
    assert said.startswith("# ")
    assert "classical_v3" in said
