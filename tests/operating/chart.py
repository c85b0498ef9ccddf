"""Renders the chart with as much of Go's template language as it uses, and judges what comes out.

This is not helm: what is not in GRAMMAR below is an error here, so the templates cannot grow past what was tried.
"""

import re
import sys
from pathlib import Path

import yaml

TAG = re.compile(r"(\n[ \t]*)?\{\{(-?)\s*(.*?)\s*(-?)\}\}(\n?)")


def look_up(path, context):
    value = context
    for name in path.lstrip(".").split("."):
        value = value[name]
    return value


def term(text, context):
    """A path, a text, `printf FORMAT A B`, `default A B`, `toYaml A`, piped into quote, nindent N."""
    first, *pipes = [part.strip() for part in re.split(r"\|(?![^(]*\))", text)]
    value = call(first, context)
    for pipe in pipes:
        name, *arguments = pipe.split()
        if name == "quote":
            value = '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
        elif name == "nindent":
            pad = " " * int(arguments[0])
            value = "\n" + "\n".join(pad + line if line else line for line in str(value).rstrip("\n").split("\n"))
        else:
            raise ValueError(f"not in the grammar: {pipe}")
    return value


def call(text, context):
    if text.startswith("."):
        return look_up(text, context)
    name, _, rest = text.partition(" ")
    parts = [part for part in re.findall(r'"[^"]*"|\([^)]*\)|\S+', rest)]
    values = [
        part[1:-1] if part.startswith('"') else call(part.strip("()"), context) for part in parts
    ]
    if name == "printf":
        return values[0].replace("%s", "{}").format(*values[1:])
    if name == "default":
        return values[1] or values[0]
    if name == "toYaml":
        return yaml.safe_dump(values[0], default_flow_style=False, sort_keys=True)
    raise ValueError(f"not in the grammar: {text}")


def render(text, context):
    out, at, keeps = [], 0, [True]
    for tag in TAG.finditer(text):
        before = text[at:tag.start()]
        space, trim, inside, trim_after, newline = tag.groups()
        if trim_after:
            raise ValueError("not in the grammar: -}}")
        if all(keeps):
            out.append(before if trim else before + (space or ""))
        at = tag.end() - len(newline)
        if inside.startswith("if "):
            keeps.append(bool(call(inside[3:], context)))
        elif inside == "end":
            keeps.pop()
        elif all(keeps):
            out.append(str(term(inside, context)))
    return "".join(out) + text[at:]


def objects(chart, change):
    values = yaml.safe_load((chart / "values.yaml").read_text())
    values.update(change)
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    context = {"Values": values, "Release": {"Name": "records"}, "Chart": {"AppVersion": about["appVersion"]}}
    found = {}
    for template in sorted((chart / "templates").glob("*.yaml")):
        for one in yaml.safe_load_all(render(template.read_text(), context)):
            assert one["apiVersion"] and one["metadata"]["name"], template
            found[one["kind"], one["metadata"]["name"]] = one
    return found, values


def judge(found, values):
    nodes = found["StatefulSet", "records"]["spec"]
    pod = nodes["template"]["spec"]
    assert nodes["replicas"] == values["replicas"]
    # Kubernetes, "Pod Security Standards", restricted.
    assert not any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"] + pod.get("initContainers", []):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False and context["privileged"] is False
        assert context["capabilities"] == {"drop": ["ALL"]} and context["readOnlyRootFilesystem"] is True
        assert all("hostPort" not in port for port in container["ports"])
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            hosts = [one["value"] for one in container[probe]["httpGet"]["httpHeaders"] if one["name"] == "Host"]
            assert hosts == [values["host"]], "the portal answers to its own name alone"
        for mount in container["volumeMounts"]:
            known = [one["name"] for one in pod["volumes"]]
            known += [one["metadata"]["name"] for one in nodes["volumeClaimTemplates"]]
            assert mount["name"] in known, mount
    kinds = {name for volume in pod["volumes"] for name in volume if name != "name"}
    assert kinds <= {"configMap", "secret", "emptyDir"}, kinds
    # Nothing secret is written by the chart.
    assert not any(kind == "Secret" for kind, _ in found)
    # Whoever selects, selects these nodes and all of them.
    labels = nodes["template"]["metadata"]["labels"]
    guard = found["PodDisruptionBudget", "records"]["spec"]
    policy = found["NetworkPolicy", "records"]["spec"]
    assert nodes["selector"]["matchLabels"] == guard["selector"]["matchLabels"] == labels
    assert policy["podSelector"]["matchLabels"] == labels and policy["policyTypes"] == ["Ingress", "Egress"]
    assert found["Service", "records"]["spec"]["selector"] == labels
    assert nodes["serviceName"] == "records-nodes" and ("Service", "records-nodes") in found
    assert found["ConfigMap", "records"]["data"]["strongroom.toml"] == values["config"]
    grace = pod["terminationGracePeriodSeconds"]
    assert grace >= 30, "the server drains for 25 seconds"


def main():
    chart = Path(sys.argv[1])
    changes = [
        {},
        {"replicas": 3, "image": {"repository": "a/b", "tag": "x", "pullPolicy": "Always"}},
        {"storage": {"size": "1Gi", "className": "fast"}, "nodeSelector": {"disk": "ssd"}},
        {"host": 'a"b', "config": 'dir = "/x"\n\n[tls]\nkey_file = "k"\n', "tolerations": [{"key": "a", "operator": "Exists"}]},
    ]
    for change in changes:
        judge(*objects(chart, change))
    found, _ = objects(chart, changes[1])
    assert found["StatefulSet", "records"]["spec"]["template"]["spec"]["containers"][0]["image"] == "a/b:x"
    found, _ = objects(chart, changes[2])
    claim = found["StatefulSet", "records"]["spec"]["volumeClaimTemplates"][0]["spec"]
    assert claim["storageClassName"] == "fast"
    print(f"{len(found)} objects, {len(changes)} sets of values")


main()
