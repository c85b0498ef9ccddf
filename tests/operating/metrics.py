"""Reads the metrics on standard input as Prometheus' own client library does, and the alert rules named as argument."""

import re
import sys

import yaml
from prometheus_client.parser import text_string_to_metric_families

LABELS = {"le", "kind", "method", "route", "status", "action", "outcome", "job", "state", "version"}

families = {family.name: family for family in text_string_to_metric_families(sys.stdin.read())}
assert len(families) >= 25, sorted(families)
series = 0
for family in families.values():
    assert family.name.startswith("strongroom_") and family.documentation and family.type != "unknown", family
    seen = set()
    for sample in family.samples:
        assert set(sample.labels) <= LABELS, sample
        key = (sample.name, tuple(sorted(sample.labels.items())))
        assert key not in seen, f"twice: {sample}"
        seen.add(key)
        series += 1
    if family.type == "histogram":
        by = {}
        for sample in family.samples:
            labels = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
            by.setdefault(labels, []).append(sample)
        for samples in by.values():
            buckets = [sample for sample in samples if sample.name.endswith("_bucket")]
            counts = [sample.value for sample in buckets]
            assert counts == sorted(counts) and buckets[-1].labels["le"] == "+Inf", buckets
            assert [one.value for one in samples if one.name.endswith("_count")] == [counts[-1]]
assert series < 5000, series

known = {sample.name for family in families.values() for sample in family.samples} | set(families)
# Absent as long as what they tell of was never done.
known |= {f"strongroom_{what}_{end}" for what in ("backup", "witness", "restore_drill", "probe") for end in ("age_seconds", "ok", "passed_age_seconds")}
known |= {"strongroom_feed_behind", "strongroom_certificate_expires_seconds"}
rules = yaml.safe_load(open(sys.argv[1]))
for group in rules["groups"]:
    for rule in group["rules"]:
        assert rule["alert"] and rule["annotations"]["summary"], rule
        for name in re.findall(r"\bstrongroom_\w+", rule["expr"]):
            assert name in known, f"{rule['alert']} names {name}"
print(f"{len(families)} families, {series} series")
